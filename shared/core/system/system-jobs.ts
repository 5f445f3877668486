/** Names of the rows in `exchange_jobs` where the janitor and others keep what they last saw, one set for each exchange. */
export const SYSTEM_JOBS = {
  /** Heartbeat of the janitor itself: a gap between two of them is a sleep of the machine. */
  janitor: 'janitor',
  /** Last complete load of the venue's instruments. */
  instruments: 'instruments',
  /** Last comparison with the venue's clock; the error is the reason to doubt ours. */
  venueClock: 'venue-clock',
  /** Last successful load of the venue's markets, with latency and breakers. */
  exchangeHealth: 'exchange-health',
  /** What RECONCILING still waits for: `detail.missing`. */
  reconciling: 'reconciling',
  /** Last look at an account's trading key; the error is why it may not sign. */
  tradingKey: (account: string) => `trading-key:${account}`,
  /** What the feed says of itself: `detail.trouble`. */
  priceFeed: 'price-feed',
} as const;
