import type { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { markOf, positionOf } from '#local/exchange-simulator/venue/world.ts';
import type { Platform } from '#local/platform/platform.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';

/** One decision of one cycle, beside what the venue itself held at that instant. */
export interface TappedDecision {
  readonly atMs: number;
  readonly symbol: string;
  readonly kind: CycleDecision['kind'];
  readonly code: string;
  readonly desiredSize: string | null;
  readonly actualSize: string | null;
  readonly venueSize: string;
  readonly markPrice: string;
}

/** `xyz:CL` → `XYZ-CL/USDC:USDC`, as the platform names it. */
export const symbolOfCoin = (coin: string): string => `${coin.replace(':', '-').toUpperCase()}/USDC:USDC`;

/** Writes down what every cycle decided, repeats included, once it was stored. */
export function tapCycles(platform: Platform, simulator: ExchangeSimulator, into: TappedDecision[]): void {
  const { reconciliation } = platform.repositories;
  const { saveCycle } = reconciliation;
  const markets = new Map(simulator.world.markets.map((market) => [symbolOfCoin(market.spec.coin), market]));
  const account = [...simulator.world.accounts.values()][0]!;
  reconciliation.saveCycle = async (save) => {
    const saved = await saveCycle(save);
    for (const { symbol, kind, code, desiredSize, actualSize } of save.decisions) {
      const market = markets.get(symbol);
      if (!market) continue;
      const venueSize = positionOf(account, market).size.toFixed();
      const markPrice = markOf(market).toFixed();
      into.push({ atMs: save.atMs, symbol, kind, code, desiredSize, actualSize, venueSize, markPrice });
    }
    return saved;
  };
}
