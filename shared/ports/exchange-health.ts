/** How the venue is doing, asked by loading its markets. */
export interface ExchangeHealthView {
  readonly healthy: boolean;
  readonly latencyMs: number;
  /** Instruments in the answer; null when there was none. */
  readonly instruments: number | null;
  readonly error: string | null;
  /** State of each breaker by class of call. */
  readonly breakers: Readonly<Record<string, string>>;
  readonly rateWeightUsed: number;
}

export interface ExchangeHealth {
  /** Never throws: being unwell is an answer. May give an answer again that is younger than the adapter's own limit. */
  check(): Promise<ExchangeHealthView>;
}
