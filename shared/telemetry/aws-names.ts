/** Metric names of calls to AWS services. Labels as noted. */
export const awsMetrics = {
  /** Counter of records or messages that had to be sent again; labels `service`, `target`, `code`. */
  retries: 'aws_retries_total',
} as const;
