import { fromMicros } from '../decimal.ts';

/** Sums over the live runs of one symbol and strategy. */
export interface LiveRunCounts {
  readonly symbol: string;
  readonly live: number;
  readonly long: number;
  readonly short: number;
  readonly winning: number;
  readonly losing: number;
  readonly pnlMicros: number;
}

/** What panels show of the live runs; money in the quote unit. */
export interface RunFigures {
  readonly live: number;
  readonly long: number;
  readonly short: number;
  readonly flat: number;
  readonly winning: number;
  readonly losing: number;
  readonly pnlQuote: number;
  /** Null without runs. */
  readonly meanPnlQuote: number | null;
  readonly bySymbol: readonly { readonly symbol: string; readonly live: number; readonly pnlQuote: number }[];
}

export function runFigures(rows: readonly LiveRunCounts[]): RunFigures {
  const total = (of: (row: LiveRunCounts) => number, among = rows) => among.reduce((sum, row) => sum + of(row), 0);
  const quote = (micros: number) => fromMicros(micros).toNumber();
  const [live, long, short] = [total((r) => r.live), total((r) => r.long), total((r) => r.short)];
  const pnlQuote = quote(total((r) => r.pnlMicros));
  const bySymbol = [...Map.groupBy(rows, (row) => row.symbol)].map(([symbol, own]) => ({
    symbol,
    live: total((r) => r.live, own),
    pnlQuote: quote(total((r) => r.pnlMicros, own)),
  }));
  return {
    live,
    long,
    short,
    flat: live - long - short,
    winning: total((r) => r.winning),
    losing: total((r) => r.losing),
    pnlQuote,
    meanPnlQuote: live === 0 ? null : pnlQuote / live,
    bySymbol,
  };
}
