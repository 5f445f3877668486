/** What a template does not say. Each number can be checked against a running stage: CloudWatch, Cost Explorer. */
export const ASSUMPTIONS = {
  /** Hours of a month, as AWS counts. */
  hours: 730,
  /** The database stays at its floor: these loads need far less than 1 GiB. */
  databaseGb: 5,
  /** A beat of a schedule claims its slot first (shared/adapters/aws/once-each-slot.ts). */
  statementsPerSlot: 1,
  /** The janitor marks a beat of the database at most so often (shared/usecases/watch-installation.ts). */
  marksPerHour: 60,
  /** Storage requests of Aurora for one call of the Data API; most pages are in memory. */
  ioPerDataApiCall: 0.5,
  /** Trades of one symbol come together within the feed's flush interval: records a second and symbol. */
  marketRecordsPerSymbolSecond: 1,
  /** A desired position that moves asks for a cycle: per minute, over all symbols. */
  reconciliationsPerMinute: 1,
  /** Orders a day; each brings fresh balances, observers and the tracker. */
  ordersPerDay: 50,
  /** Lambda polls a queue with five long polls of 20 s when it is empty. */
  idlePollsPerSecond: 0.25,
  /** Requests of SQS for one message: send, receive, delete. */
  requestsPerMessage: 3,
  /** Each run of a function writes its start, its report and its metrics. */
  logBytesPerRun: 1500,
  /** The producer writes little unless something is wrong. */
  producerLogGb: 0.2,
  /** A metric is billed for the hours in which it is sent: gauges and timings in all, counters in this part of them. */
  counterHours: 0.4,
  imageGb: 0.2,
  /** Traffic of orders through a fixed address. */
  egressGb: 1,
  /** Status, page and scripts of an operator. */
  apiCallsPerDay: 500,
} as const;

/** Milliseconds of one run, and calls of the Data API in it. */
export const RUNS: Readonly<Record<string, { readonly ms: number; readonly statements: number }>> = {
  balance: { ms: 900, statements: 6 },
  observer: { ms: 700, statements: 0 },
  'market-data': { ms: 700, statements: 8 },
  'run-supervisor': { ms: 800, statements: 9 },
  'order-tracker': { ms: 500, statements: 6 },
  janitor: { ms: 500, statements: 10 },
  reconciliation: { ms: 900, statements: 14 },
  'price-consumer': { ms: 80, statements: 2 },
  'run-strategies': { ms: 200, statements: 4 },
  'balance-consumer': { ms: 120, statements: 3 },
  'candle-fetcher': { ms: 600, statements: 4 },
  'order-gateway': { ms: 900, statements: 10 },
  api: { ms: 300, statements: 6 },
  migrate: { ms: 5000, statements: 50 },
};

/** Of every month and account, for ever. */
export const FREE = {
  lambdaRequests: 1_000_000,
  lambdaGbSeconds: 400_000,
  sqsRequests: 1_000_000,
  schedulerInvocations: 14_000_000,
  metrics: 10,
  alarms: 10,
  dashboards: 3,
  logGb: 5,
  traces: 100_000,
} as const;
