import { beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, apiUnderTest, bodyOf, HOST, TOKEN } from '#test/support/api.ts';
import { EXCHANGE, seedPlatform } from '#test/support/platform-rows.ts';

const LOCK = { reason: 'test' };

describe('api security', () => {
  let api: ApiUnderTest;
  beforeEach(async () => {
    api = await apiUnderTest();
    await seedPlatform(api.db);
  });
  const state = async () => (await api.deps.systemState.read(EXCHANGE))?.state;

  it.each(['evil.example:8080', '127.0.0.1:8081', '127.0.0.1', 'localhost:8080', '[::1]:8080'])(
    'refuses Host %s on every route, reads and writes alike',
    async (host) => {
      for (const path of ['/health', '/metrics', '/api/status', '/api/events', '/nothing', '/3T-observer.json']) {
        const response = await api.get(path, { host });
        expect([response.status, (await bodyOf(response)).error.code]).toEqual([421, 'wrong-host']);
      }
      expect((await api.post('/api/lock', LOCK, { host })).status).toBe(421);
      expect(await state()).toBe('HEALTHY');
    },
  );

  it('refuses a request without Host', async () => {
    expect((await api.app.request('/health')).status).toBe(421);
  });

  it.each([
    'http://evil.example',
    'null',
    'https://127.0.0.1:8080',
    'http://127.0.0.1:8081',
    'http://127.0.0.1:8080.evil.example',
  ])('refuses Origin %s even with the token', async (origin) => {
    expect((await api.post('/api/lock', LOCK, { origin })).status).toBe(403);
    expect((await api.get('/api/status', { origin })).status).toBe(403);
    expect(await state()).toBe('HEALTHY');
  });

  it('serves its own origin, and the CLI, which sends none', async () => {
    expect((await api.post('/api/lock', LOCK, { origin: `http://${HOST}` })).status).toBe(200);
    expect((await api.post('/api/lock', { ...LOCK, mode: 'freeze' })).status).toBe(200);
  });

  it.each([
    ['no token', { 'x-3t-token': undefined }, 401],
    ['an empty token', { 'x-3t-token': '' }, 403],
    ['a wrong token of the same length', { 'x-3t-token': `${TOKEN.slice(0, -1)}X` }, 403],
    ['a longer token', { 'x-3t-token': `${TOKEN}x` }, 403],
    ['a form content type', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['no content type', { 'content-type': undefined }, 415],
  ])('refuses every write with %s', async (_what, headers, status) => {
    for (const path of [
      '/api/lock',
      '/api/unlock',
      '/api/reconcile',
      '/api/flatten',
      '/api/symbols',
      '/api/adopt',
      '/api/release',
      '/execute_order',
    ]) {
      const response = await api.post(path, LOCK, { 'idempotency-key': 'k', ...headers });
      expect([path, response.status]).toEqual([path, status]);
    }
    expect(await state()).toBe('HEALTHY');
    expect(api.manual).toEqual([]);
    expect(api.sent).toEqual([]);
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses the method %s', async (method) => {
    const response = await api.app.request('/api/lock', { method, headers: { host: HOST, 'x-3t-token': TOKEN } });

    expect(response.status).toBe(405);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('refuses a body above the limit, declared or not', async () => {
    const large = JSON.stringify({ reason: 'x'.repeat(5000) });

    const declared = await api.post('/api/lock', large, { 'content-length': String(large.length) });
    const streamed = await api.post('/api/lock', large);

    for (const response of [declared, streamed]) {
      expect([response.status, (await bodyOf(response)).error.code]).toEqual([413, 'body-too-large']);
    }
    expect(await state()).toBe('HEALTHY');
  });

  it('tells nothing of an unexpected error but the id under which it is logged', async () => {
    const secret = 'hunter2-private-key';
    const failing = await apiUnderTest({
      readModel: {
        ...api.deps.readModel,
        overview: async () => {
          throw new Error(`connection refused for ${secret}`);
        },
      },
    });

    const response = await failing.get('/api/status');
    const text = await response.text();

    expect(response.status).toBe(500);
    expect(text).not.toContain(secret);
    const id = /[0-9a-f]{16}/.exec(JSON.parse(text).error.message)?.[0];
    expect(failing.telemetry.logs).toMatchObject([{ event: 'http.failed', fields: { correlationId: id } }]);
    await failing.db.destroy();
  });

  it('never answers with the token', async () => {
    for (const path of ['/api/status', '/metrics', '/health', '/api/audit', '/nothing']) {
      const response = await api.get(path);
      expect(await response.text()).not.toContain(TOKEN);
      expect([...response.headers].join()).not.toContain(TOKEN);
    }
  });

  it('forbids framing and sniffing', async () => {
    const { headers } = await api.get('/api/status');

    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });
});
