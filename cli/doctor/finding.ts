export interface Finding {
  readonly check: string;
  /** A warning needs no action now. */
  readonly verdict: 'ok' | 'warning' | 'failed';
  readonly detail: string;
}
