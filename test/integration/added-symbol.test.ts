import { describe, expect, it } from 'vitest';
import { manualOrder } from '#local/exchange-simulator/server/control.ts';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { positionOf } from '#local/exchange-simulator/venue/world.ts';
import { createApi } from '#local/platform/api.ts';
import { bodyOf } from '#test/support/api.ts';
import { type SimulatedPlatform, simulatedPlatform } from '#test/support/simulated-platform.ts';

const USER = TEST_SIGNERS.mainMaster.address;
const COIN = 'HYPE';
const SYMBOL = 'HYPE/USDC:USDC';

const tell = async (world: SimulatedPlatform, path: string, body: Readonly<Record<string, unknown>>) => {
  const token = 'of-this-test';
  const api = createApi(world.platform(), { token, allowedHosts: () => ['here:1'], processMetrics: null });
  const headers = { host: 'here:1', 'x-3t-token': token, 'content-type': 'application/json' };
  return bodyOf(await api.request(path, { method: 'POST', headers, body: JSON.stringify(body) }));
};
const heldAt = ({ simulator: { world } }: SimulatedPlatform): string =>
  positionOf(world.accounts.get(USER)!, world.byCoin.get(COIN)!).size.toFixed();
const holdOf = async ({ platform }: SimulatedPlatform) =>
  (await platform().repositories.orders.epoch('hyperliquid', 'main', SYMBOL)).holdReason;

/** HYPE is in the settings, or not, and the operator holds 3 of it. */
async function withPosition(symbols: readonly string[], act: (world: SimulatedPlatform) => Promise<void>) {
  const overrides = [`exchanges.hyperliquid.symbols=${JSON.stringify(symbols)}`];
  const world = await simulatedPlatform({ seed: 11, overrides });
  try {
    manualOrder(world.simulator.world, { user: USER, coin: COIN, side: 'buy', size: '3', reduceOnly: false });
    expect(heldAt(world)).toBe('3');
    await world.start();
    await world.clock.advanceBy(90_000);
    await act(world);
  } finally {
    await world.close();
  }
}

describe('a symbol in which the operator holds a position', () => {
  it('is not touched when it is added, has its prices at once, and is closed only on purpose', async () => {
    await withPosition(['BTC/USDC:USDC'], async (world) => {
      const answer = await tell(world, '/api/symbols', { action: 'add', symbol: COIN });
      expect(answer).toMatchObject({ symbol: SYMBOL, hold: 'position-not-ours' });

      await world.clock.advanceBy(10_000);
      const price = (await world.platform().repositories.prices.latest('hyperliquid')).get(SYMBOL);
      expect(price?.markPrice).not.toBeNull();
      expect(price?.tradeId).not.toBe('');
      const candles = await world.db.selectFrom('market_data').select('symbol').where('symbol', '=', SYMBOL).execute();
      expect(candles.length).toBeGreaterThan(50);

      await world.clock.advanceBy(900_000);
      expect([heldAt(world), await holdOf(world)]).toEqual(['3', 'position-not-ours']);

      await tell(world, '/api/symbols', { action: 'add', symbol: COIN, found: 'close' });
      await world.clock.advanceBy(30_000);
      // The position as it was, reduce-only; what comes after it is the runs' own.
      const orders = await world.db
        .selectFrom('order_execution_log')
        .select(['order_class', 'side', 'size', 'status'])
        .where('symbol', '=', SYMBOL)
        .orderBy('created_at_ms')
        .execute();
      expect(orders[0]).toMatchObject({ order_class: 'reduce', side: 'sell', size: '3', status: 'filled' });
      expect(await holdOf(world)).toBeNull();
      const [product] = (await world.platform().repositories.instruments.products('hyperliquid')).filter(
        (p) => p.instrument.symbol === SYMBOL,
      );
      expect(product).toMatchObject({ managed: true, takeover: null });
    });
  });

  it('is not touched at the first start of settings that name it', async () => {
    await withPosition(['BTC/USDC:USDC', SYMBOL], async (world) => {
      await world.clock.advanceBy(600_000);

      expect([heldAt(world), await holdOf(world)]).toEqual(['3', 'position-not-ours']);
    });
  });
});
