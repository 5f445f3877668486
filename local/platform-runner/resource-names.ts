export const DATABASE_ROLES = ['app', 'reader', 'state', 'migrate'] as const;
export type DatabaseRole = (typeof DATABASE_ROLES)[number];

/** Names of everything that a stage has in the emulator: known before it exists, so that a compose file can say them. */
export const resourceNames = (stage: string) => ({
  marketStream: `3t-${stage}-market`,
  accountStream: `3t-${stage}-account`,
  ordersQueue: `3t-${stage}-orders.fifo`,
  candleJobsQueue: `3t-${stage}-candle-jobs`,
  requestQueue: (functionName: string) => `3t-${stage}-${functionName}-requests`,
  deadQueue: `3t-${stage}-dead`,
  observerBucket: `3t-${stage}-observers`,
  poisonBucket: `3t-${stage}-poison`,
  databaseSecret: (role: DatabaseRole) => `3t/${stage}/database/${role}`,
  tradingSecret: `3t/${stage}/trading`,
});

/** The emulators' Aurora is a name only: their Data API does not look at it. */
export const clusterArn = (region: string, account: string, stage: string): string =>
  `arn:aws:rds:${region}:${account}:cluster:3t-${stage}`;

export const DATABASE_NAME = 'threet';
