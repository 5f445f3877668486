/** Name of the lease that makes one gateway the only writer of an account (architecture, rule 3.10). */
export const writerLease = (exchange: string, account: string): string => `writer:${exchange}:${account}`.slice(0, 64);
