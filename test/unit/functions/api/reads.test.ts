import { beforeEach, describe, expect, it } from 'vitest';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { platformSnapshotSchema } from '#shared/messages/platform-snapshot.ts';
import { type ApiUnderTest, apiUnderTest, bodyOf } from '#test/support/api.ts';
import { EXCHANGE, NOW_MS, ORDER_ID, seedPlatform } from '#test/support/platform-rows.ts';
import { anObserverDocument } from '#test/support/system.ts';

const BTC = 'BTC/USDC:USDC';

describe('api reads', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await apiUnderTest();
    await seedPlatform(api.db);
  });
  const json = async (path: string) => bodyOf(await api.get(path));

  it('gives a snapshot that its schema accepts, with ages against its own clock', async () => {
    const snapshot = platformSnapshotSchema.parse(await json('/api/status'));

    expect(snapshot.nowMs).toBe(NOW_MS);
    expect(snapshot.system).toMatchObject({ state: 'HEALTHY', missing: [] });
    expect(snapshot.money).toMatchObject({
      equityQuote: '10010.5',
      unrealizedPnlQuote: '0.04',
      ageMs: 3_000,
      stale: false,
    });
    expect(snapshot.symbols[0]).toMatchObject({
      symbol: BTC,
      price: { price: '30000', ageMs: 500, stale: false },
      desired: { size: '0.002', reason: null },
      actual: { size: '0.002', ageMs: 3_000 },
      quorum: true,
      decision: { kind: 'order', code: 'open', clientOrderId: ORDER_ID },
      runs: { live: 1, direction: 1, pnlQuote: '1.5' },
    });
    expect(snapshot.symbols[0]?.sources).toEqual([
      { source: 'observer:a', size: null, ageMs: null, counts: false, why: 'unreadable' },
      { source: 'own-table', size: '0', ageMs: 3_000, counts: true, why: null },
    ]);
    expect(snapshot.foreignPositions).toMatchObject([{ symbol: 'DOGE/USDC:USDC', size: '-5' }]);
    expect(snapshot.counts).toMatchObject({ openPositions: 2, workingOrders: 0, liveRuns: 2 });
  });

  it('shows heartbeats as jobs, and no row that only guards a slot', async () => {
    const jobs = sqlJobStateRepository(api.db, EXCHANGE);
    await jobs.claimSlot('slot:late-job:0', NOW_MS);
    await jobs.recordOk('late-job', NOW_MS - 1_000);
    await jobs.recordError('sick-job', NOW_MS, 'no');

    const shown = platformSnapshotSchema.parse(await json('/api/status')).jobs.filter(({ job }) => /-job/.test(job));

    expect(shown).toEqual([
      { job: 'late-job', okAgeMs: 1_000, lastError: null, partly: null, stale: false },
      { job: 'sick-job', okAgeMs: null, lastError: 'no', partly: null, stale: true },
    ]);
  });

  it.each([
    ['after the last refused decision', NOW_MS + 60_000, 'leverage-not-set'],
    ['before it', 1, 'sources-dissent'],
  ])('tells of an order that was rejected %s', async (_when, endedAtMs, code) => {
    const { db } = api;
    const row = await db.selectFrom('decisions').selectAll().where('client_order_id', '=', ORDER_ID).executeTakeFirst();
    await db
      .insertInto('decisions')
      .values({ ...row!, id: 'refused', kind: 'refusal', code: 'sources-dissent', last_at_ms: NOW_MS })
      .execute();
    await db
      .updateTable('order_execution_log')
      .set({ status: 'rejected', error_code: 'leverage-not-set', error_message: 'no', ended_at_ms: endedAtMs })
      .where('client_order_id', '=', ORDER_ID)
      .execute();

    expect((await json('/api/status')).lastRefusal).toMatchObject({ symbol: BTC, code });
  });

  it('says flat for a missing position only while the snapshot is complete', async () => {
    expect((await json('/api/positions')).positions[1].actual).toMatchObject({ size: '0' });

    await api.db.updateTable('account_snapshots').set({ complete: 0 }).execute();

    expect((await json('/api/positions')).positions[1].actual).toBeNull();
  });

  it('answers from an empty database without inventing anything', async () => {
    const empty = await apiUnderTest();

    const snapshot = platformSnapshotSchema.parse(await bodyOf(await empty.get('/api/status')));

    expect(snapshot).toMatchObject({ system: null, money: null, symbols: [], lastRefusal: null });
    expect((await empty.get('/api/pnl')).status).toBe(200);
    expect((await empty.get('/ready')).status).toBe(503);
    expect((await empty.get('/health')).status).toBe(200);
    await empty.db.destroy();
  });

  it('explains the newest decision of a symbol, however the symbol is written', async () => {
    for (const subject of [BTC, 'btc', encodeURIComponent(BTC)]) {
      const why = await json(`/api/why/${subject}`);

      expect(why.symbol).toBe(BTC);
      const text = why.sections.flatMap((s: { lines: string[] }) => s.lines).join('\n');
      expect(text).toContain('desired 0.002, actual 0 (difference 0.002)');
      expect(text).toContain('20 live runs, 20 fresh, 7 count: direction 3, profit 12.5');
      expect(text).toContain('direction 3 × 20.25 quote ÷ 30000 = 0.002');
      expect(text).toContain('own-table: 0, 3.0 s old, counts');
      expect(text).toContain('observer:a: no number, no age, does not count: unreadable (never wrote)');
      expect(text).toContain('1 of 2 sources count, 2 must agree: agreed on 0');
      expect(text).toContain('system state HEALTHY');
      expect(text).toContain('fill 900: buy 0.002 at 29990, fee 0.027');
    }
  });

  it('explains an order by its id from the decision that made it', async () => {
    const why = await json(`/api/why/${ORDER_ID}`);

    expect(why).toMatchObject({ symbol: BTC, decision: { id: 'BTC-1' }, order: { status: 'filled' } });
    expect(why.fills).toHaveLength(1);
  });

  it('traces a chain by its correlation id, or by an order of it: tick, decision, order, fills', async () => {
    for (const subject of ['corr', ORDER_ID]) {
      const chain = await json(`/api/trace/${subject}`);

      expect(chain.correlationId).toBe('corr');
      const kinds = chain.steps.map((one: { kind: string }) => one.kind);
      for (const kind of ['born', 'decision', 'intent', 'sent', 'answered', 'fill', 'ended'])
        expect(kinds).toContain(kind);
      expect(kinds.indexOf('decision')).toBeLessThan(kinds.indexOf('intent'));
      expect(chain.orders.map((one: { clientOrderId: string }) => one.clientOrderId)).toEqual([ORDER_ID]);
      expect(chain.fills.map((one: { tradeId: string }) => one.tradeId)).toEqual(['900']);
      expect(chain.decisions.map((one: { id: string }) => one.id)).toContain('BTC-1');
      const times = chain.steps.map((one: { atMs: number }) => one.atMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });

  it.each([
    ['/api/trace/nonsense', 'unknown-chain'],
    [`/api/trace/0x${'9'.repeat(32)}`, 'unknown-chain'],
    [`/api/why/0x${'9'.repeat(32)}`, 'unknown-order'],
    ['/api/why/nonsense', 'unknown-symbol'],
    ['/api/orders?symbol=nonsense', 'unknown-symbol'],
    ['/api/candles?symbol=nonsense', 'unknown-symbol'],
    [`/orders/0x${'9'.repeat(32)}`, 'unknown-order'],
    ['/3T-observer.json?observer=x', 'unknown-observer'],
    ['/nothing', 'not-found'],
  ])('answers %s with 404 %s', async (path, code) => {
    const response = await api.get(path);

    expect([response.status, (await bodyOf(response)).error.code]).toEqual([404, code]);
  });

  it.each([
    '/api/orders?limit=0',
    '/api/orders?limit=1001',
    '/api/trades?limit=x',
    '/api/candles?symbol=BTC&timeframe=7m',
    '/api/candles',
    '/api/pnl?hours=-1',
    '/orders/0xABC',
  ])('refuses %s with 400', async (path) => {
    expect((await api.get(path)).status).toBe(400);
  });

  it('lists orders, trades, decisions, runs, symbols, audit, alerts and dead letters', async () => {
    expect((await json('/api/orders?symbol=btc')).orders).toMatchObject([
      { clientOrderId: ORDER_ID, status: 'filled' },
    ]);
    expect((await json('/api/orders?working=true')).orders).toEqual([]);
    expect((await json('/api/trades')).trades).toMatchObject([{ tradeId: '900', feeQuote: '0.027' }]);
    expect((await json('/api/decisions?symbol=BTC&limit=1')).decisions).toMatchObject([{ id: 'BTC-1' }]);
    expect((await json('/api/runs')).live[0]).toMatchObject({
      symbol: BTC,
      strategy: 'ema-crossover',
      pnlQuote: '1.5',
    });
    expect((await json('/api/symbols')).symbols.map((s: { venueSymbol: string }) => s.venueSymbol)).toEqual([
      'BTC',
      'C0',
    ]);
    expect((await json('/api/audit')).audit).toMatchObject([{ state: 'HEALTHY', fromState: null, version: 1 }]);
    expect((await json('/api/alerts')).alerts).toEqual([]);
    expect((await json('/api/dead-letters')).deadLetters).toEqual([]);
    expect((await json('/api/prices')).prices[0]).toMatchObject({ symbol: BTC, price: { price: '30000' } });
    expect(await json(`/orders/${ORDER_ID}`)).toMatchObject({ clientOrderId: ORDER_ID, venueOrderId: '77' });
  });

  it('reports profit with fees, and the change of equity less transfers', async () => {
    await api.db
      .updateTable('balance_history')
      .set({ net_transfers_quote: '4' })
      .where('equity_quote', '=', '10010.5')
      .execute();

    expect(await json('/api/pnl?hours=1')).toMatchObject({
      curve: [
        [NOW_MS - 60_000, '10000', '0'],
        [NOW_MS - 3_000, '10010.5', '4'],
      ],
      changeQuote: '6.5',
      realizedQuote: '1.25',
      feesQuote: '0.027',
      unrealizedQuote: '0.04',
      bySymbol: [{ symbol: BTC, fills: 1 }],
    });
  });

  it('serves the observer document, and says when it was never written', async () => {
    expect((await api.get('/3T-observer.json')).status).toBe(503);
    api.documents.set('a', anObserverDocument('a', NOW_MS));

    expect(await json('/3T-observer.json')).toEqual(anObserverDocument('a', NOW_MS));
  });

  it('is unhealthy when the database cannot be read, also when it holds an unknown state', async () => {
    await api.db.updateTable('system_state').set({ state: 'WHATEVER' }).execute();

    const response = await api.get('/health');

    expect([response.status, (await bodyOf(response)).error.code]).toEqual([503, 'database-unreadable']);
  });
});
