import { beforeEach, describe, expect, it } from 'vitest';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { checkLimits, orderLimitsSchema } from '#shared/core/risk/limits.ts';
import { platformSnapshotSchema } from '#shared/messages/platform-snapshot.ts';
import { type ApiUnderTest, apiUnderTest, bodyOf } from '#test/support/api.ts';
import { anInstrument } from '#test/support/instruments.ts';
import { EXCHANGE, NOW_MS, ORDER_ID, seedPlatform } from '#test/support/platform-rows.ts';

describe('ages and profit of the api', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await apiUnderTest();
    await seedPlatform(api.db);
  });
  const json = async (path: string) => bodyOf(await api.get(path));

  it.each([
    ['everything counts', 0, [false, false, false, true]],
    ['the price at 10 s, which the mark does not make up for', 10_000, [false, false, true, false]],
    ['money and positions at 300 s', 298_000, [true, true, true, false]],
    ['what a clock that was set back makes come from the future', -20_000, [true, true, true, false]],
  ])('marks as stale what the gates refuse: %s', async (_what, laterMs, expected) => {
    api.clock.set(NOW_MS + laterMs);

    const { money, symbols } = await json('/api/status');

    const { price, actual } = symbols[0];
    expect([money.stale, actual.stale, price.stale, price.counts]).toEqual(expected);
  });

  it('is not ready, and says why, at the very age at which the gates refuse to open', async () => {
    for (const laterMs of [0, 500, 900, 1_100, 5_000, 9_400, 9_600, 60_000, 180_000]) {
      api.clock.set(NOW_MS + laterMs);
      const { symbols, readiness } = await json('/api/status');
      const { price, markPrice } = symbols[0].price;
      const facts = {
        nowMs: NOW_MS + laterMs,
        lastPrice: { price, venueTimeMs: NOW_MS - 500 },
        markPrice: { price: markPrice, timeMs: NOW_MS - 9_000 },
        positionSize: '0',
        equityQuote: '10000',
        marginUsedQuote: '0',
        ordersLastMinute: 0,
        realizedPnlTodayQuote: '0',
        feesTodayQuote: '0',
        instrument: anInstrument('BTC'),
        leverage: 1,
      };
      const order = {
        ...(await api.deps.readModel.order(ORDER_ID))!,
        size: '0.001',
        limitPrice: '30000',
        orderClass: 'open' as const,
      };
      const refused = checkLimits(order, facts, orderLimitsSchema.parse({})).kind === 'refused';

      const prices = readiness.checks.find(({ check }: { check: string }) => check === 'prices');
      expect([laterMs, symbols[0].price.counts, prices.ok]).toEqual([laterMs, !refused, !refused]);
    }
  });

  it('marks a job that trading needs as stale when it has not succeeded for too long', async () => {
    const jobs = sqlJobStateRepository(api.db, EXCHANGE);
    await jobs.recordOk('balance', NOW_MS - 240_001);
    await jobs.recordOk('market-data', NOW_MS - 239_000);

    const shown = platformSnapshotSchema.parse(await json('/api/status')).jobs;

    expect(shown.filter(({ stale }) => stale).map(({ job }) => job)).toEqual(['balance']);
  });

  it('counts profit since the start from the equity before the first fill', async () => {
    // Stored: 10000 a minute ago, the fill 1.025 s after that, 10010.5 now.
    expect((await json('/api/pnl?hours=1')).sinceStart).toEqual({
      fromMs: NOW_MS - 60_000,
      equityStartQuote: '10000',
      equityEndQuote: '10010.5',
      changeQuote: '10.5',
    });
    // No equity was stored before it: by the books it was 1.25 - 0.027 + 0.04 less than now.
    await api.db.deleteFrom('balance_history').where('equity_quote', '=', '10000').execute();

    expect(await json('/api/pnl?hours=1')).toMatchObject({
      equityStartQuote: '10009.237',
      changeQuote: '1.263',
      // The chart begins where the numbers do.
      curve: expect.arrayContaining([[NOW_MS - 58_975, '10009.237', expect.any(String)]]),
      sinceStart: { fromMs: NOW_MS - 58_975, equityStartQuote: '10009.237', changeQuote: '1.263' },
    });
    await api.db.deleteFrom('fills').execute();

    expect(await json('/api/pnl?hours=1')).toMatchObject({ equityStartQuote: '10010.5', sinceStart: null });
  });
});
