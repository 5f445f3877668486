import { type Decimal, type DecimalText, dec, decimalText, fromMicros } from '#shared/core/decimal.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { EquityView, ReadModel } from '#shared/ports/repositories/read-model.ts';

const POINTS_READ_MAX = 5000;
const POINTS_SHOWN_MAX = 500;

export interface ReadPnlDeps {
  readonly clock: Clock;
  readonly readModel: Pick<ReadModel, 'equity' | 'equityAt' | 'fillTotals' | 'overview'>;
}

export interface PnlReport {
  readonly nowMs: number;
  /** [venue time ms, equity, deposits minus withdrawals since the beginning], oldest first: at most 500, and the equity before the first fill. */
  readonly curve: readonly (readonly [number, DecimalText, DecimalText])[];
  readonly equityStartQuote: DecimalText | null;
  readonly equityEndQuote: DecimalText | null;
  readonly netTransfersQuote: DecimalText | null;
  /** Change of equity less transfers; null with fewer than two points. */
  readonly changeQuote: DecimalText | null;
  /** From the equity before the first fill of all: the fees of that fill are part of it. Null without a fill, or without such an equity. */
  readonly sinceStart: {
    readonly fromMs: number;
    readonly equityStartQuote: DecimalText;
    readonly equityEndQuote: DecimalText;
    readonly changeQuote: DecimalText;
  } | null;
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
  const sum = (values: readonly number[]) => decimalText(fromMicros(values.reduce((a, b) => a + b, 0)));
  const realizedQuote = sum(totals.map((t) => t.realizedPnlMicros));
  const feesQuote = sum(totals.map((t) => t.feesMicros));
  const unrealizedQuote = overview.account
    ? decimalText(positions.reduce((total, p) => total.plus(p.unrealizedPnlQuote), dec(0)))
    : null;
  const last = points.at(-1);
  const firstFillMs = Math.min(...totals.map((t) => t.firstAtMs));
  const stored = totals.length === 0 ? null : await deps.readModel.equityAt(exchange, account, firstFillMs);
  const books = unrealizedQuote === null ? null : dec(realizedQuote).minus(feesQuote).plus(unrealizedQuote);
  const start = stored ?? (last && totals.length > 0 ? startByBooks(points[0]!, last, books, firstFillMs) : null);
  // A window that reaches back over the first fill begins before it: what that fill cost happened within the window.
  const isWithin = start !== null && firstFillMs >= sinceMs && start.venueTimeMs < (points[0]?.venueTimeMs ?? 0);
  const first = isWithin ? start : points[0];
  const transfers = first && last ? dec(last.netTransfersQuote).minus(first.netTransfersQuote) : null;
  return {
    nowMs: deps.clock.nowMs(),
    // Without its beginning the curve would hide what the first fill cost.
    curve: [...(isWithin ? [start] : []), ...thin(points)].map(pointOf),
    equityStartQuote: first?.equityQuote ?? null,
    equityEndQuote: last?.equityQuote ?? null,
    netTransfersQuote: transfers === null ? null : decimalText(transfers),
    changeQuote: first && last && first !== last ? change(first, last) : null,
    sinceStart: start && last && last.venueTimeMs > start.venueTimeMs ? since(start, last) : null,
    realizedQuote,
    feesQuote,
    unrealizedQuote,
    bySymbol: totals.map((t) => ({
      symbol: t.symbol,
      fills: t.fills,
      realizedQuote: decimalText(fromMicros(t.realizedPnlMicros)),
      feesQuote: decimalText(fromMicros(t.feesMicros)),
    })),
  };
}

/**
 * The equity before the first fill where none was stored, as after a deposit that was still settling: what there is now less what the
 * books have earned, without funding.
 */
function startByBooks(
  first: EquityView,
  last: EquityView,
  earned: Decimal | null,
  firstFillMs: number,
): EquityView | null {
  if (earned === null) return null;
  const transfers = dec(last.netTransfersQuote).minus(first.netTransfersQuote);
  const equityQuote = decimalText(dec(last.equityQuote).minus(earned).minus(transfers));
  return { ...first, venueTimeMs: firstFillMs, equityQuote, marginUsedQuote: '0' };
}

const pointOf = (p: EquityView) => [p.venueTimeMs, p.equityQuote, p.netTransfersQuote] as const;

/** Change of equity less transfers. */
const change = (from: EquityView, to: EquityView): DecimalText =>
  decimalText(
    dec(to.equityQuote).minus(from.equityQuote).minus(dec(to.netTransfersQuote).minus(from.netTransfersQuote)),
  );

const since = (from: EquityView, to: EquityView): NonNullable<PnlReport['sinceStart']> => ({
  fromMs: from.venueTimeMs,
  equityStartQuote: from.equityQuote,
  equityEndQuote: to.equityQuote,
  changeQuote: change(from, to),
});

/** Every nth point, the newest always among them. */
function thin(points: readonly EquityView[]): readonly EquityView[] {
  const step = Math.ceil(points.length / POINTS_SHOWN_MAX);
  return step <= 1 ? points : points.filter((_, i) => (points.length - 1 - i) % step === 0);
}
