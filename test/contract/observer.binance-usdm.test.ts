import { describe, expect, it } from 'vitest';
import { createSimulatorFetch } from '#local/exchange-simulator/server/simulator-fetch.ts';
import { TEST_API_KEYS } from '#local/exchange-simulator/wire/binance-usdm/api-keys.ts';
import { openUsdmObserver } from '#shared/adapters/exchange/binance-usdm/open-observer.ts';
import { decodeObserverDocument } from '#shared/messages/observer-document.ts';
import { binanceUsdmOnSimulator } from '#test/support/binance-usdm-on-simulator.ts';
import { orderAt } from '#test/support/exchange-under-test.ts';

describe('the observer of binance-usdm, with a key of its own', () => {
  const observed = async (secret = TEST_API_KEYS.mainReadOnly.secret) => {
    const { simulator, exchange } = binanceUsdmOnSimulator();
    const { marketData, accountReader, orderVenue } = exchange;
    const symbols = ['BTC/USDT:USDT', 'ETH/USDT:USDT'] as const;
    const under = { marketData, accountReader, orderVenue: orderVenue!, account: 'main', symbols };
    const pass = async (ms: number) => simulator.advance(simulator.nowMs() + ms);
    const rest = { subAccounts: ['native'], nowMs: () => simulator.nowMs(), pass, close: () => exchange.close() };
    const order = await orderAt({ ...under, ...rest }, symbols[0], 'sell', 0.98, 200);
    expect(await orderVenue?.submitOrder(order)).toMatchObject({ kind: 'accepted' });
    const observer = openUsdmObserver({
      httpUrl: 'http://simulator.test',
      observerId: 'one',
      secrets: { get: async () => `${TEST_API_KEYS.mainReadOnly.key}:${secret}` },
      readKeySecret: 'observers.one',
      timeoutMs: 5_000,
      fetch: createSimulatorFetch(simulator) as never,
    });
    return { observer, own: await accountReader.fetchAccountState('main'), order };
  };

  it('reads the same positions, money and mode as the account reader, from another answer', async () => {
    const { observer, own, order } = await observed();
    const account = await observer.observe('main');
    expect(account.assetPositions).toMatchObject([{ position: { coin: 'BTCUSDT', szi: `-${order.size}` } }]);
    expect(account.marginSummary?.accountValue).toBe(own.money?.equityQuote);
    expect(account.account_mode).toBe(own.mode);
    const document = { v: 1, observer_id: 'one', timestamp: new Date(0).toISOString(), exchange: 'binance-usdm' };
    const text = JSON.stringify({ ...document, positions: { main: account } });
    expect(decodeObserverDocument(text, 'one').positions.main).toMatchObject({ complete: true });
  });

  it('says nothing with a key that the venue does not know', async () => {
    const { observer } = await observed('wrong');
    await expect(observer.observe('main')).rejects.toThrow('-1022');
  });
});
