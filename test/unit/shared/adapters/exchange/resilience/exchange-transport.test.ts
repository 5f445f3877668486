import { describe, expect, it } from 'vitest';
import { classifyFailure, errorClassOf } from '#shared/adapters/exchange/resilience/exchange-failure.ts';
import {
  createTransport,
  ProxyRotation,
  retryAfterMs,
  type TransportOptions,
} from '#shared/adapters/exchange/resilience/exchange-transport.ts';

const T0 = 1_700_000_000_000;
const transport = (fetch: TransportOptions['fetch'], change: Partial<TransportOptions> = {}) =>
  createTransport({ fetch, timeoutMs: 30, proxy: () => null, ...change }, () => T0);
const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('no error'),
    (error: unknown) => error,
  );

describe('transport', () => {
  it('limits the time of the body as well as of the head, and lets go of the request', async () => {
    let signal: AbortSignal | null | undefined;
    const stuck = new ReadableStream({ start: () => {} });
    const post = transport(async (_, init) => {
      signal = init.signal;
      return new Response(stuck);
    });
    expect(await failed(post('https://x.test', '{}'))).toMatchObject({ kind: 'timeout', mayHaveReachedVenue: true });
    expect(signal?.aborted).toBe(true);
  });

  it.each([
    [500, 'unavailable', true],
    [503, 'unavailable', true],
    [429, 'rate-limited', true],
    [403, 'auth', false],
    [422, 'rejected', false],
    [301, 'malformed-reply', false],
  ])('turns HTTP %i into %s', async (status, kind, retryable) => {
    const post = transport(async () => new Response('<b>no</b>', { status }));
    expect(await failed(post('https://x.test', '{}'))).toMatchObject({ kind, retryable });
  });

  it('asks without a body where there is none to send, and keeps what the venue wrote beside a status', async () => {
    const seen: RequestInit[] = [];
    const send = transport(async (_, init) => {
      seen.push(init);
      return new Response('{"code":-2013,"msg":"Order does not exist."}', { status: 400 });
    });
    const error = await failed(send('https://x.test', null, { 'X-Key': 'k' }));
    await failed(send('https://x.test', null, {}, 'DELETE'));
    await failed(send('https://x.test', '{}'));
    expect(seen.map(({ method, body, headers }) => [method, body, headers])).toEqual([
      ['GET', undefined, { 'x-key': 'k' }],
      ['DELETE', undefined, {}],
      ['POST', '{}', { 'content-type': 'application/json' }],
    ]);
    expect(error).toMatchObject({ status: 400, body: '{"code":-2013,"msg":"Order does not exist."}' });
  });

  it('refuses a reply that is too long', async () => {
    const post = transport(async () => new Response('x'.repeat(100)), { replyBytesMax: 99 });
    expect(await failed(post('https://x.test', '{}'))).toMatchObject({ kind: 'malformed-reply' });
  });

  it('sends nothing after it was closed, and ends what is under way as lost', async () => {
    let calls = 0;
    const post = transport(
      () => {
        calls += 1;
        return new Promise<Response>(() => {});
      },
      { timeoutMs: 60_000 },
    );
    const underWay = failed(post('https://x.test', '{}'));
    await post.close();
    expect(await underWay).toMatchObject({ kind: 'network', mayHaveReachedVenue: true });
    expect(await failed(post('https://x.test', '{}'))).toMatchObject({ kind: 'network', mayHaveReachedVenue: false });
    expect(calls).toBe(1);
  });

  it('goes through the proxies in turn', async () => {
    const urls: string[] = [];
    const proxies = new ProxyRotation(['https://p1.test', 'https://p2.test/?u='], null);
    const post = transport(
      async (url) => {
        urls.push(url);
        return new Response('{}');
      },
      { proxy: () => proxies.current() },
    );
    await post('https://x.test/info', '{}');
    proxies.rotate();
    await post('https://x.test/info', '{}');
    proxies.rotate();
    await post('https://x.test/info', '{}');
    expect(urls).toEqual([
      'https://p1.test/https://x.test/info',
      'https://p2.test/?u=https://x.test/info',
      'https://p1.test/https://x.test/info',
    ]);
    expect(new ProxyRotation([], null).current()).toBeNull();
  });
});

describe('Retry-After', () => {
  it.each([
    ['3', 3_000],
    ['0', 0],
    [new Date(T0 + 5_000).toUTCString(), 5_000],
    ['soon', null],
    ['', null],
    [null, null],
    ['999999', 3_600_000],
    ['-5', 0],
  ])('reads %s as %s ms', (header, expected) => {
    expect(retryAfterMs(header, T0)).toBe(expected);
  });
});

describe('error classes', () => {
  const withCode = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });
  it.each([
    ['ECONNREFUSED', 'connection-refused', false],
    ['ENOTFOUND', 'dns', false],
    ['EAI_AGAIN', 'dns', false],
    ['CERT_HAS_EXPIRED', 'ssl', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ssl', false],
    ['EPROTO', 'ssl', true],
    ['ECONNRESET', 'network', true],
    ['UND_ERR_SOCKET', 'network', true],
    ['EHOSTUNREACH', 'network', false],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', false],
    ['ESOMETHINGNEW', 'network', true],
  ])('sorts %s into %s', (code, errorClass, mayHaveReachedVenue) => {
    const error = classifyFailure(withCode(code), 'test');
    expect(errorClassOf(error)).toBe(errorClass);
    expect(error.mayHaveReachedVenue).toBe(mayHaveReachedVenue);
  });

  it('finds the code inside an aggregate of addresses tried', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    const error = new TypeError('fetch failed', { cause: new AggregateError([refused, refused]) });
    expect(errorClassOf(classifyFailure(error, 'test'))).toBe('connection-refused');
  });
});
