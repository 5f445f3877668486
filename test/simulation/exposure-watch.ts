import type { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { equityOf } from '#local/exchange-simulator/venue/equity.ts';
import type { Publisher } from '#local/exchange-simulator/venue/publisher.ts';
import { leverageOf, markOf, positionOf } from '#local/exchange-simulator/venue/world.ts';
import { Decimal, dec, ZERO } from '#shared/core/decimal.ts';

/** The account right after a fill that made a position larger. */
export interface GrownPosition {
  readonly atMs: number;
  readonly coin: string;
  readonly cloid: string | null;
  readonly size: string;
  readonly fillPrice: string;
  readonly notionalQuote: string;
  /** Initial margin of all positions at the mark, and the equity that it comes from. */
  readonly marginQuote: string;
  readonly equityQuote: string;
}

/** Looks at the venue after every single fill: exposure is judged where it arises, not where somebody happens to sample it. */
export function watchExposure(simulator: ExchangeSimulator): readonly GrownPosition[] {
  const grown: GrownPosition[] = [];
  const { world } = simulator;
  const account = [...world.accounts.values()][0]!;
  const inner = world.publisher;
  const watching: Publisher = {
    trade: (market, trade) => inner.trade(market, trade),
    orderUpdate: (order) => inner.orderUpdate(order),
    funding: (user, payments) => inner.funding(user, payments),
    liquidation: (user, liquidation) => inner.liquidation(user, liquidation),
    fill: (user, fill) => {
      inner.fill(user, fill);
      if (user !== account.spec.address) return;
      const market = world.byCoin.get(fill.coin)!;
      const size = positionOf(account, market).size;
      if (size.abs().lte(dec(fill.startPosition).abs())) return;
      const margin = world.markets.reduce((sum, other) => {
        const held = positionOf(account, other).size.abs();
        return held.isZero() ? sum : sum.plus(held.times(markOf(other)).div(leverageOf(account, other).value));
      }, ZERO);
      grown.push({
        atMs: fill.time,
        coin: fill.coin,
        cloid: fill.cloid ?? null,
        size: size.toFixed(),
        fillPrice: fill.px,
        notionalQuote: size.abs().times(new Decimal(fill.px)).toFixed(),
        marginQuote: margin.toFixed(),
        equityQuote: equityOf(world, account).toFixed(),
      });
    },
  };
  world.publisher = watching;
  return grown;
}
