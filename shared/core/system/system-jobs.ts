/** Names of the rows in `job_state` where the janitor keeps what it last saw, one set per exchange. */
export const systemJobs = (exchange: string) =>
  ({
    /** Heartbeat of the janitor itself: a gap between two of them is a sleep of the machine. */
    janitor: `janitor:${exchange}`,
    /** Last complete load of the venue's instruments. */
    instruments: `instruments:${exchange}`,
    /** Last comparison with the venue's clock; the error is the reason to doubt ours. */
    venueClock: `venue-clock:${exchange}`,
    /** Last successful load of the venue's markets, with latency and breakers. */
    exchangeHealth: `exchange-health:${exchange}`,
    /** What RECONCILING still waits for: `detail.missing`. */
    reconciling: `reconciling:${exchange}`,
    /** Last look at an account's trading key; the error is why it may not sign. */
    tradingKey: (account: string) => `trading-key:${exchange}:${account}`,
    /** What the feed says of itself: `detail.trouble`. */
    priceFeed: `price-feed:${exchange}`,
  }) as const;
