import { type DecimalText, dec, decimalText, fromMicros } from '#shared/core/decimal.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { EquityView, ReadModel } from '#shared/ports/repositories/read-model.ts';

const POINTS_READ_MAX = 5000;
const POINTS_SHOWN_MAX = 500;

export interface ReadPnlDeps {
  readonly clock: Clock;
  readonly readModel: Pick<ReadModel, 'equity' | 'fillTotals' | 'overview'>;
}

export interface PnlReport {
  readonly nowMs: number;
  /** [venue time ms, equity, deposits minus withdrawals since the beginning], oldest first, at most 500. */
  readonly curve: readonly (readonly [number, DecimalText, DecimalText])[];
  readonly equityStartQuote: DecimalText | null;
  readonly equityEndQuote: DecimalText | null;
  readonly netTransfersQuote: DecimalText | null;
  /** Change of equity less transfers; null with fewer than two points. */
  readonly changeQuote: DecimalText | null;
  /** Of all stored fills, without fees. */
  readonly realizedQuote: DecimalText;
  readonly feesQuote: DecimalText;
  /** Of the newest snapshot; null when there is none. */
  readonly unrealizedQuote: DecimalText | null;
  readonly bySymbol: readonly {
    readonly symbol: string;
    readonly fills: number;
    readonly realizedQuote: DecimalText;
    readonly feesQuote: DecimalText;
  }[];
}

export async function readPnl(
  deps: ReadPnlDeps,
  input: { readonly exchange: string; readonly account: string; readonly sinceMs: number },
): Promise<PnlReport> {
  const { exchange, account, sinceMs } = input;
  // An incomplete snapshot lacks a sub-account: its equity is no point of the curve.
  const points = (await deps.readModel.equity(exchange, account, sinceMs, POINTS_READ_MAX)).filter((p) => p.complete);
  const totals = await deps.readModel.fillTotals(exchange, account);
  const overview = await deps.readModel.overview(exchange, account);
  const positions = [
    ...overview.symbols.flatMap((s) => (s.position ? [s.position] : [])),
    ...overview.foreignPositions,
  ];
  const first = points[0];
  const last = points.at(-1);
  const transfers = first && last ? dec(last.netTransfersQuote).minus(first.netTransfersQuote) : null;
  const sum = (values: readonly number[]) => decimalText(fromMicros(values.reduce((a, b) => a + b, 0)));
  return {
    nowMs: deps.clock.nowMs(),
    curve: thin(points).map((p) => [p.venueTimeMs, p.equityQuote, p.netTransfersQuote] as const),
    equityStartQuote: first?.equityQuote ?? null,
    equityEndQuote: last?.equityQuote ?? null,
    netTransfersQuote: transfers === null ? null : decimalText(transfers),
    changeQuote:
      first && last && transfers && points.length > 1
        ? decimalText(dec(last.equityQuote).minus(first.equityQuote).minus(transfers))
        : null,
    realizedQuote: sum(totals.map((t) => t.realizedPnlMicros)),
    feesQuote: sum(totals.map((t) => t.feesMicros)),
    unrealizedQuote: overview.account
      ? decimalText(positions.reduce((total, p) => total.plus(p.unrealizedPnlQuote), dec(0)))
      : null,
    bySymbol: totals.map((t) => ({
      symbol: t.symbol,
      fills: t.fills,
      realizedQuote: decimalText(fromMicros(t.realizedPnlMicros)),
      feesQuote: decimalText(fromMicros(t.feesMicros)),
    })),
  };
}

/** Every nth point, the newest always among them. */
function thin(points: readonly EquityView[]): readonly EquityView[] {
  const step = Math.ceil(points.length / POINTS_SHOWN_MAX);
  return step <= 1 ? points : points.filter((_, i) => (points.length - 1 - i) % step === 0);
}
