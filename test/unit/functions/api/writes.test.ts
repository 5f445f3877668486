import { beforeEach, describe, expect, it } from 'vitest';
import { newTakeProfitState } from '#shared/core/runs/take-profit.ts';
import { type ApiUnderTest, apiUnderTest, bodyOf } from '#test/support/api.ts';
import { EXCHANGE, seedPlatform } from '#test/support/platform-rows.ts';
import { ACCOUNT } from '#test/support/system.ts';

const BTC = 'BTC/USDC:USDC';

describe('api writes', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await apiUnderTest();
    await seedPlatform(api.db);
  });
  const state = () => api.deps.systemState.read(EXCHANGE);
  const managed = async () =>
    (await api.deps.instruments.products(EXCHANGE)).filter((p) => p.managed).map((p) => p.instrument.venueSymbol);

  it('locks close-only by default, with who and why', async () => {
    const response = await api.post('/api/lock', { reason: ' odd fills ', by: 'cli:ada' });

    expect(await bodyOf(response)).toMatchObject({ changed: true, state: { state: 'LOCKED', lockMode: 'close-only' } });
    expect(await state()).toMatchObject({ reason: 'odd fills', changedBy: 'cli:ada', version: 2 });
    expect(api.telemetry.logs).toMatchObject([{ event: 'system.state-changed', fields: { to: 'LOCKED' } }]);
  });

  it('unlocks to RECONCILING, refuses from RECONCILING and is content when HEALTHY', async () => {
    const healthy = await api.post('/api/unlock', { reason: 'r' });
    expect([healthy.status, (await bodyOf(healthy)).changed]).toEqual([200, false]);
    await api.post('/api/lock', { reason: 'r', mode: 'freeze' });

    const unlocked = await api.post('/api/unlock', { reason: 'checked', expectedVersion: 2 });
    expect(await bodyOf(unlocked)).toMatchObject({ changed: true, state: { state: 'RECONCILING' } });

    const refused = await api.post('/api/unlock', { reason: 'again' });
    expect([refused.status, (await bodyOf(refused)).error]).toMatchObject([
      409,
      { code: 'unlock-refused', message: expect.stringContaining('RECONCILING') },
    ]);
  });

  it('does not undo a newer lock than the one on the page', async () => {
    await api.post('/api/lock', { reason: 'first' });
    await api.post('/api/lock', { reason: 'second', mode: 'freeze' });

    const response = await api.post('/api/unlock', { reason: 'seen the first', expectedVersion: 2 });

    expect([response.status, (await bodyOf(response)).error.code]).toEqual([409, 'state-moved']);
    expect(await state()).toMatchObject({ state: 'LOCKED', lockMode: 'freeze' });
  });

  it('clears a latched stop once, and says so when nothing was latched', async () => {
    const before = await bodyOf(await api.post('/api/rearm', { reason: 'looked at it' }));
    expect(before).toEqual({ changed: false, outcome: 'not-latched' });
    const { runs } = api.deps;
    const latched = { ...newTakeProfitState(EXCHANGE, ACCOUNT), latched: 'drawdown' as const, latchedAtMs: 1 };
    expect(await runs.saveTakeProfitState(latched, null)).not.toBeNull();

    const after = await bodyOf(await api.post('/api/rearm', { reason: 'looked at it', by: 'cli:ada' }));

    expect(after).toEqual({ changed: true, outcome: 'rearmed' });
    expect((await runs.takeProfitState(EXCHANGE, ACCOUNT))?.latched).toBeNull();
  });

  it('ends no order that is not stored, and says what a request lacks', async () => {
    const body = { clientOrderId: `0x${'1'.repeat(32)}`, filled: 'all', reason: 'r' };
    const missing = await api.post('/api/orders/resolve', body);
    expect([missing.status, (await bodyOf(missing)).error.code]).toEqual([404, 'unknown-order']);
    for (const wrong of [{ filled: '-1' }, { filled: 'some' }, { clientOrderId: 'BTC' }, { reason: ' ' }]) {
      expect((await api.post('/api/orders/resolve', { ...body, ...wrong })).status, JSON.stringify(wrong)).toBe(400);
    }
  });

  it('ends an order that the tracker has given up on, has the account read again and its symbol planned', async () => {
    const given = { status: 'open', error_code: 'accepted-but-invisible' };
    const [row] = await api.db
      .selectFrom('order_execution_log')
      .selectAll()
      .where('symbol', '=', BTC)
      .limit(1)
      .execute();
    const { client_order_id: id, size } = row!;
    await api.db.updateTable('order_execution_log').set(given).where('client_order_id', '=', id).execute();
    const response = await api.post('/api/orders/resolve', { clientOrderId: id, filled: 'all', reason: 'seen there' });
    const answer = await bodyOf(response);
    expect([response.status, answer]).toMatchObject([202, { symbol: BTC, changed: true }]);
    expect(answer.what).toContain(`counts as filled, ${size} of ${size} traded`);
    const asked = api.sent.map((body) => (JSON.parse(body) as { job: string }).job);
    expect(asked).toEqual(['balance', 'observer', 'reconciliation']);
  });

  it.each([
    ['/api/lock', {}],
    ['/api/lock', { reason: '   ' }],
    ['/api/lock', { reason: 'x'.repeat(201) }],
    ['/api/lock', { reason: 'r', mode: 'gently' }],
    ['/api/lock', { reason: 'r', by: 'a b' }],
    ['/api/lock', { reason: 'r', surprise: 1 }],
    ['/api/lock', []],
    ['/api/lock', '{not json'],
    ['/api/symbols', { action: 'sell', symbol: 'BTC' }],
    ['/api/symbols', { action: 'add', symbol: 'BTC', leverage: 0 }],
    ['/api/adopt', { symbol: 'BTC' }],
  ])('refuses %s %j with 400 and changes nothing', async (path, body) => {
    const response = await api.post(path, body);

    expect(response.status).toBe(400);
    expect((await bodyOf(response)).error.code).toMatch(/bad-request|malformed-json/);
    expect(await state()).toMatchObject({ state: 'HEALTHY', version: 1 });
  });

  it('refuses another exchange instead of taking its own for it', async () => {
    const response = await api.post('/api/lock', { reason: 'r', exchange: 'binance' });

    expect([response.status, (await bodyOf(response)).error.code]).toEqual([404, 'unknown-exchange']);
    expect(await state()).toMatchObject({ state: 'HEALTHY' });
  });

  it('refuses another exchange of the settings by name, too, as long as one is served', async () => {
    const exchanges = [EXCHANGE, 'second'].map((exchange) => ({ exchange, accounts: ['main'] }));
    const two = await apiUnderTest({}, { EXCHANGES: exchanges });
    const response = await two.post('/api/lock', { reason: 'r', exchange: 'second' });

    expect([response.status, (await bodyOf(response)).error]).toEqual([
      404,
      expect.objectContaining({ message: expect.stringContaining(`the settings have ${EXCHANGE}, second`) }),
    ]);
  });

  it('asks for a reconciliation of one symbol or of all', async () => {
    expect((await api.post('/api/reconcile', {})).status).toBe(202);
    expect((await api.post('/api/reconcile', { symbol: 'btc', by: 'cli:ada' })).status).toBe(202);
    expect((await api.post('/api/reconcile', { symbol: 'nope' })).status).toBe(404);

    expect(api.sent.map((body) => JSON.parse(body))).toMatchObject([
      { type: 'run-request', job: 'reconciliation', exchange: EXCHANGE, symbols: null, reason: 'asked for by page' },
      { symbols: [BTC], reason: 'asked for by cli:ada' },
    ]);
  });

  it('flattens everything by a flatten lock and a cycle at once', async () => {
    await api.post('/api/flatten', { reason: 'enough' });

    expect(await state()).toMatchObject({ state: 'LOCKED', lockMode: 'flatten', reason: 'enough' });
    expect(api.sent).toHaveLength(1);
  });

  it('flattens one symbol by not managing it any more', async () => {
    await api.post('/api/flatten', { symbol: 'BTC', reason: 'enough' });

    expect(await state()).toMatchObject({ state: 'HEALTHY' });
    expect(await managed()).toEqual(['C0']);
    expect(JSON.parse(api.sent[0]!)).toMatchObject({ symbols: [BTC] });
    expect(await api.alerts.raised()).toMatchObject([{ kind: 'operator-action', symbol: BTC }]);
  });

  it('adds, removes, releases and adopts symbols, each with a record', async () => {
    expect((await api.post('/api/symbols', { action: 'remove', symbol: 'BTC' })).status).toBe(202);
    expect((await api.post('/api/symbols', { action: 'remove', symbol: 'BTC' })).status).toBe(409);
    expect((await api.post('/api/symbols', { action: 'add', symbol: 'BTC', leverage: 5 })).status).toBe(202);
    expect(await managed()).toEqual(['BTC', 'C0']);

    expect((await api.post('/api/release', { symbol: 'BTC', reason: 'mine' })).status).toBe(202);
    expect(await managed()).toEqual(['C0']);
    expect((await api.post('/api/adopt', { symbol: 'BTC', reason: 'yours' })).status).toBe(202);
    expect(await managed()).toEqual(['BTC', 'C0']);

    expect(api.holds).toEqual([`release ${BTC}`, `adopt ${BTC}`]);
    expect(await api.alerts.raised()).toHaveLength(4);
  });

  it("starts a symbol on HOLD that holds somebody's position, says what to choose, and fetches what it needs at once", async () => {
    await api.post('/api/release', { symbol: 'BTC', reason: 'mine' });
    api.sent.length = 0;

    const answer = await bodyOf(await api.post('/api/symbols', { action: 'add', symbol: 'BTC' }));

    expect(answer).toMatchObject({ symbol: BTC, hold: 'position-not-ours' });
    for (const choice of ['--adopt', '--close', 'release', 'stays on HOLD']) expect(answer.what).toContain(choice);
    expect(api.holds).toEqual([`release ${BTC}`, `hold ${BTC} position-not-ours`]);
    expect(api.sent.map((body) => JSON.parse(body).job)).toEqual([
      'price-producer',
      'market-data',
      'run-supervisor',
      'balance',
      'observer',
      'reconciliation',
    ]);
    expect((await api.alerts.raised()).map((alert) => alert.kind)).toContain('position-not-ours');
  });

  it.each([
    ['adopt', null, `adopt ${BTC}`],
    ['close', 'closing', `adopt ${BTC}`],
  ])('takes %s for an answer before it is asked', async (found, takeover, done) => {
    await api.post('/api/release', { symbol: 'BTC', reason: 'mine' });

    const answer = await bodyOf(await api.post('/api/symbols', { action: 'add', symbol: 'BTC', found }));

    expect(answer.hold).toBeNull();
    expect(api.holds.slice(1)).toEqual([done]);
    expect((await api.deps.instruments.products(EXCHANGE))[0]).toMatchObject({ managed: true, takeover });
  });

  it.each([
    [{ action: 'add', symbol: 'NOPE' }, 404, 'unknown-symbol'],
    [{ action: 'add', symbol: 'BTC', leverage: 41 }, 409, 'leverage-too-high'],
  ])('refuses %j', async (body, status, code) => {
    const response = await api.post('/api/symbols', body);

    expect([response.status, (await bodyOf(response)).error.code]).toEqual([status, code]);
  });

  it('hands a manual order over with its key, and returns its outcome as it is', async () => {
    const response = await api.post('/execute_order', { symbol: 'BTC' }, { 'idempotency-key': 'key-1' });

    expect([response.status, await bodyOf(response)]).toEqual([202, { status: 'accepted' }]);
    expect(api.manual).toMatchObject([{ idempotencyKey: 'key-1', body: { symbol: 'BTC' } }]);
  });

  it.each([
    ['no key', undefined, '{}', 'idempotency-key-required'],
    ['a key with spaces', 'a b', '{}', 'idempotency-key-malformed'],
    ['a long key', 'k'.repeat(121), '{}', 'idempotency-key-malformed'],
    ['no JSON', 'k', '{', 'malformed-json'],
  ])('refuses a manual order with %s', async (_what, key, body, code) => {
    const response = await api.post('/execute_order', body, { 'idempotency-key': key });

    expect([response.status, (await bodyOf(response)).error.code]).toEqual([400, code]);
    expect(api.manual).toEqual([]);
  });
});
