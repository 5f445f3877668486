import { execFileSync } from 'node:child_process';
import { beforeEach, describe, expect, it } from 'vitest';
import { createHandler } from '#functions/api/handler.ts';
import { exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { MetricsRegistry } from '#shared/telemetry/metrics-registry.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { type ApiUnderTest, apiEnv, apiUnderTest, bodyOf, HOST, TOKEN } from '#test/support/api.ts';
import { EXCHANGE, seedPlatform } from '#test/support/platform-rows.ts';
import { PROMTOOL, promlint } from '#test/support/promlint.ts';
import { ACCOUNT } from '#test/support/system.ts';

/** Named like counters by the original. */
const GAUGES_AS_TOTALS: ReadonlySet<string> = new Set([metrics.unrealizedPnl, metrics.runsPnl]);

const PROCESS_METRICS = `# HELP feed_ticks_total trades
# TYPE feed_ticks_total counter
feed_ticks_total{exchange="hyperliquid"} 7
# HELP account_balance_value shadow
# TYPE account_balance_value gauge
account_balance_value 1
`;

describe('api metrics', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await apiUnderTest({ processMetrics: async () => PROCESS_METRICS });
    await seedPlatform(api.db);
  });

  it('computes gauges from rows under the names of the original', async () => {
    const response = await api.get('/metrics');
    const lines = (await response.text()).split('\n');

    expect(response.headers.get('content-type')).toContain('text/plain');
    for (const line of [
      'providence_active_runs_count 2',
      'providence_active_runs_pnl_total 3',
      'providence_active_runs_direction{direction="long"} 2',
      'account_balance_value 10010.5',
      'positions_open_count 2',
      'positions_total_value 120',
      'order_execution_count_by_status{status="filled"} 1',
      'order_execution_last_hour 1',
      'stream_data_age_seconds{symbol="BTC/USDC:USDC"} 0.5',
      'threet_system_state{state="HEALTHY"} 1',
      'threet_system_state{state="LOCKED"} 0',
      'threet_decisions_last_hour{kind="refusal",code="no-quorum"} 2',
      'desired_position_size{symbol="BTC/USDC:USDC"} 0.002',
      'feed_ticks_total{exchange="hyperliquid"} 7',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('names every family once: Prometheus refuses a page that does not', async () => {
    const types = [...(await (await api.get('/metrics')).text()).matchAll(/^# TYPE (\S+)/gm)].map((m) => m[1]);

    expect(types.length).toBeGreaterThan(20);
    expect(new Set(types).size).toBe(types.length);
  });

  it('keeps the rules of promtool under its new names, and the old ones beside them for a release', async () => {
    const registry = new MetricsRegistry({ processMetrics: true });
    const all = { ...metrics, ...exchangeMetrics };
    for (const name of Object.values<string>(all)) {
      if (name.endsWith('_ms') && name !== metrics.streamLag) registry.timing(name, 1_500, { a: 'b' });
      else if (/_total$|_dead$|_dropped$|_overlapped$/.test(name) && !GAUGES_AS_TOTALS.has(name)) registry.count(name);
      else registry.gauge(name, 1);
    }
    const own = await apiUnderTest({ processMetrics: () => registry.render() });
    await seedPlatform(own.db);

    const whole = await (await own.get('/metrics')).text();
    const renewed = await (await own.get('/metrics?names=new')).text();

    expect(promlint(renewed)).toEqual([]);
    if (PROMTOOL !== undefined) execFileSync(PROMTOOL, ['check', 'metrics'], { input: renewed });
    expect(promlint(whole).length).toBeGreaterThan(10);
    expect(whole).toContain('positions_open 2\n');
    expect(whole).toContain('# HELP positions_open_count Deprecated: it is called positions_open now');
    expect(whole).toContain('function_duration_seconds_sum{a="b"} 1.5');
    expect(whole).toContain('function_duration_seconds_bucket{le="2.5",a="b"} 1');
    expect(whole).toContain('function_duration_ms_sum{a="b"} 1500');
    expect(registry.refusedCount).toBe(0);
    await own.db.destroy();
  });

  it('gives the change from the baseline as the original did: 1,000 → 1,100 is 0.1', async () => {
    const owner = { exchange: EXCHANGE, account: ACCOUNT };
    await api.db.updateTable('account_snapshots').set({ equity_quote: '1100' }).execute();
    await api.db
      .insertInto('take_profit_state')
      .values({
        ...owner,
        baseline_quote: '1000',
        height: 0,
        latched: null,
        latched_at_ms: null,
        net_transfers_quote: '0',
        samples_json: '[]',
        last_venue_time_ms: 0,
        version: 1,
      })
      .execute();

    expect(await (await api.get('/metrics')).text()).toMatch(/^account_pct_change_from_baseline 0\.1(?:0000\d+)?$/m);
  });

  it('has no sample for what is unknown', async () => {
    const empty = await apiUnderTest();

    const text = await (await empty.get('/metrics')).text();

    expect(text).not.toMatch(/^account_balance_value/m);
    expect(text).toContain('providence_active_runs_count 0');
    await empty.db.destroy();
  });
});

describe('api events', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await apiUnderTest();
    await seedPlatform(api.db);
  });

  const listen = (page?: string) =>
    api.get('/api/events', { 'x-3t-token': TOKEN, ...(page === undefined ? {} : { 'x-3t-page': page }) });

  it('streams snapshots and notices the change between two of them', async () => {
    const response = await listen();
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<{ system: { state: string } }> => {
      const { value } = await reader.read();
      expect(value).toMatch(/^event: snapshot\ndata: \{/);
      return JSON.parse(value!.split('\n')[1]!.slice(6));
    };

    expect((await next()).system.state).toBe('HEALTHY');
    await api.post('/api/lock', { reason: 'r' });
    let seen = await next();
    for (let i = 0; seen.system.state !== 'LOCKED' && i < 5; i += 1) seen = await next();
    expect(seen.system.state).toBe('LOCKED');
    await reader.cancel();
  });

  it('serves a limited number of clients, and takes a new one when another leaves', async () => {
    const first = await listen('a');
    const second = await listen('b');
    const third = await listen('c');
    expect([first.status, second.status, third.status]).toEqual([200, 200, 503]);

    await first.body!.cancel();
    await expect
      .poll(async () => {
        const again = await listen('c');
        const { status } = again;
        await again.body?.cancel();
        return status;
      })
      .toBe(200);
    await second.body!.cancel();
  });

  it('gives one client one place, whatever it opens, and the newest of its streams', async () => {
    const first = await listen('a');
    for (let n = 0; n < 5; n += 1) expect((await listen('a')).status).toBe(200);
    for (let n = 0; n < 5; n += 1) expect((await listen()).status).toBe(200);

    // The former ones end.
    const reader = first.body!.getReader();
    for (;;) if ((await reader.read()).done) break;
    expect((await listen('b')).status, 'one without a name has one place, too').toBe(503);
  });

  it.each([
    ['no token', { 'x-3t-token': undefined }, 401, 'token-required'],
    ['a wrong token', { 'x-3t-token': 'no' }, 403, 'wrong-token'],
    [
      'a page of another site, with no Origin',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' },
      403,
      'cross-site',
    ],
    ['another port of this machine', { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'script' }, 403, 'cross-site'],
    ['another origin', { origin: 'http://evil.example' }, 403, 'wrong-origin'],
  ])('is refused to %s, and takes no place', async (_what, headers, status, code) => {
    for (let n = 0; n < 5; n += 1) {
      const given = Object.fromEntries(
        Object.entries({ 'x-3t-token': TOKEN, ...headers }).filter(([, v]) => v !== undefined),
      );
      const response = await api.get('/api/events', given as Record<string, string>);
      expect([response.status, (await bodyOf(response)).error.code]).toEqual([status, code]);
    }
    expect((await listen('a')).status).toBe(200);
  });
});

describe('api behind API Gateway', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await apiUnderTest();
    await seedPlatform(api.db);
  });

  const event = (method: string, path: string, body?: string, headers: Record<string, string> = {}) => ({
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: HOST, ...headers },
    requestContext: {
      accountId: '1',
      apiId: 'a',
      authentication: null,
      authorizer: {},
      domainName: HOST,
      domainPrefix: 'a',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 't' },
      requestId: 'r',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
    isBase64Encoded: false,
    ...(body === undefined ? {} : { body }),
  });
  const invoke = (request: ReturnType<typeof event>) =>
    createHandler(api.deps, apiEnv)(request as never, {} as never) as Promise<{ statusCode: number; body: string }>;

  it('answers an HTTP API event (payload 2.0)', async () => {
    const answer = await invoke(event('GET', '/api/status'));

    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ v: 1, exchange: EXCHANGE });
  });

  it('guards writes as it does locally', async () => {
    const headers = { 'content-type': 'application/json', 'x-3t-token': TOKEN };
    const body = JSON.stringify({ reason: 'r' });

    expect(await invoke(event('POST', '/api/lock', body, { ...headers, 'x-3t-token': 'no' }))).toMatchObject({
      statusCode: 403,
    });
    expect(await invoke(event('POST', '/api/lock', body, headers))).toMatchObject({ statusCode: 200 });
  });

  it('serves no event stream, which could never end', async () => {
    expect(await invoke(event('GET', '/api/events', undefined, { 'x-3t-token': TOKEN }))).toMatchObject({
      statusCode: 501,
    });
  });
});
