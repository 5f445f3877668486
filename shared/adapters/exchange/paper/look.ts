import { Decimal, ZERO } from '#shared/core/decimal.ts';
import { isLiquidatable } from '#shared/core/matching/margin.ts';
import { matchResting } from '#shared/core/matching/match-order.ts';
import type { EpochMs } from '#shared/core/time.ts';
import {
  applyExecution,
  cancelOrphans,
  equityOf,
  isOpen,
  lacksMargin,
  marginPositions,
  type PaperDesk,
  type PaperOrder,
  positionOf,
  remainingOf,
  setStatus,
} from './paper-desk.ts';
import { liquidate } from './place-order.ts';

/** A public trade as it was stored. */
export interface StoredTrade {
  readonly symbol: string;
  readonly tradeId: string;
  readonly price: Decimal;
  readonly size: Decimal;
  readonly venueTimeMs: EpochMs;
}

/** An earlier execution against a public trade. */
export interface PastMatch {
  readonly symbol: string;
  readonly matchedTradeId: string;
  readonly price: Decimal;
  readonly size: Decimal;
}

/**
 * What the market did to the resting orders: each public trade (oldest first) fills what it went through, and at an order's own
 * price at most its size, oldest order first. The same trades may be shown again: what they went through is filled and gone, and
 * of one at an order's price only what nobody took is left.
 */
export function matchTrades(desk: PaperDesk, trades: readonly StoredTrade[], past: readonly PastMatch[]): void {
  const earlier = new Map<string, PastMatch[]>();
  for (const match of past) {
    const known = earlier.get(match.matchedTradeId);
    if (known) known.push(match);
    else earlier.set(match.matchedTradeId, [match]);
  }
  for (const trade of trades) {
    const used = (earlier.get(trade.tradeId) ?? [])
      .filter((m) => m.symbol === trade.symbol && m.price.eq(trade.price))
      .reduce((sum, m) => sum.plus(m.size), ZERO);
    let left = Decimal.max(ZERO, trade.size.minus(used));
    for (const order of desk.resting) {
      if (order.symbol !== trade.symbol || !isOpen(order) || trade.venueTimeMs <= order.acceptedAtMs) continue;
      left = left.minus(matchOne(desk, order, trade, left));
    }
  }
}

/** Answers how much of a trade at the order's own price was taken. */
function matchOne(desk: PaperDesk, order: PaperOrder, trade: StoredTrade, left: Decimal): Decimal {
  const market = desk.markets.get(order.symbol);
  if (!market) return ZERO;
  const held = positionOf(desk, order.symbol).size.abs();
  const wanted = order.reduceOnly ? Decimal.min(remainingOf(order), held) : remainingOf(order);
  if (wanted.lte(0)) return ZERO;
  const execution = matchResting(order.side, wanted, order.limitPrice, { price: trade.price, size: left });
  if (execution === null) return ZERO;
  if (lacksMargin(desk, market, order, execution.size, execution.price)) {
    setStatus(desk, order, 'cancelled', 'marginCanceled');
    return ZERO;
  }
  applyExecution(desk, market, order, execution, { matchedTradeId: trade.tradeId, liquidation: false });
  cancelOrphans(desk, order.symbol);
  return trade.price.eq(order.limitPrice) ? execution.size : ZERO;
}

/** True when the value of the account no longer covers the maintenance margins. */
export const mustLiquidate = (desk: Pick<PaperDesk, 'positions' | 'leverage' | 'markets' | 'rawQuote'>): boolean =>
  isLiquidatable(equityOf(desk), marginPositions(desk));

/** Cancels every order and closes every position at its mark, when it must. There is no insurance: a debt stays. */
export function liquidateIfNeeded(desk: PaperDesk): void {
  if (!mustLiquidate(desk)) return;
  for (const order of desk.resting) if (isOpen(order)) setStatus(desk, order, 'cancelled', 'liquidatedCanceled');
  for (const symbol of [...desk.positions.keys()]) {
    const market = desk.markets.get(symbol);
    if (market?.markPrice) liquidate(desk, market, market.markPrice);
  }
}
