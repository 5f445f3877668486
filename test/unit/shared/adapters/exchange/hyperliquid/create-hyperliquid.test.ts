import { describe, expect, it } from 'vitest';
import { signerOf } from '#test/support/l1-signature-check.ts';
import {
  AGENT,
  anOrder,
  INSTRUMENTS,
  json,
  orderAnswer,
  scriptedHyperliquid,
  T0,
} from '#test/support/scripted-venue.ts';

const meta = { universe: [{ name: 'BTC', szDecimals: 5, maxLeverage: 40 }] };
const answerAll = ({ body, url }: { url: string; body: { type?: string } }) => {
  if (url.endsWith('/exchange')) return orderAnswer({ resting: { oid: 1 } });
  return body.type === 'orderStatus' ? json({ status: 'unknownOid' }) : json(body.type === 'meta' ? meta : []);
};

describe('the adapter as a whole', () => {
  it('asks nothing and reads no key before its first call', () => {
    let keys = 0;
    const secrets = {
      get: async () => {
        keys += 1;
        return AGENT.privateKey;
      },
    };
    const { sent } = scriptedHyperliquid(answerAll, { secrets });
    expect([sent.length, keys]).toEqual([0, 0]);
  });

  it('gets ready without sending anything when instruments are stored', async () => {
    const { hyperliquid, sent } = scriptedHyperliquid(answerAll);
    await hyperliquid.ready();
    expect(sent).toEqual([]);
    await hyperliquid.orderVenue?.submitOrder(anOrder());
    expect(sent.map((request) => request.body.action.type)).toEqual(['order']);
  });

  it('reads each key once, and again after a failure', async () => {
    let reads = 0;
    const secrets = {
      get: async () => {
        reads += 1;
        if (reads === 1) throw new Error('throttled');
        return AGENT.privateKey;
      },
    };
    const { hyperliquid } = scriptedHyperliquid(answerAll, { secrets });
    expect(await hyperliquid.orderVenue?.submitOrder(anOrder())).toMatchObject({ code: 'configuration' });
    expect(await hyperliquid.orderVenue?.submitOrder(anOrder())).toMatchObject({ kind: 'accepted' });
    await hyperliquid.orderVenue?.submitOrder(anOrder());
    expect(reads).toBe(2);
  });

  it('signs with a changed key within a minute, and with the known one while the secret cannot be read', async () => {
    const other = `0x${'7'.repeat(64)}`;
    const answers: (() => string)[] = [
      () => AGENT.privateKey,
      () => {
        throw new Error('throttled');
      },
      () => 'half a key',
      () => other,
    ];
    const secrets = { get: async () => answers.shift()!() };
    const { hyperliquid, sent, clock } = scriptedHyperliquid(answerAll, { secrets });
    for (const atMs of [0, 59_000, 60_000, 120_000, 180_000]) {
      clock.set(T0 + atMs);
      await hyperliquid.orderVenue?.submitOrder(anOrder({ expiresAtMs: T0 + atMs + 30_000 }));
    }

    const signers = sent.map((request) => signerOf(request.body, 'a'));
    expect(signers.slice(0, 4)).toEqual(Array(4).fill(AGENT.address));
    expect(signers).toHaveLength(5);
    expect(signers[4]).not.toBe(AGENT.address);
    expect(answers).toEqual([]);
  });

  it('gives two accounts of one agent one sequence of nonces', async () => {
    const accounts = ['main', 'second'].map((name, i) => ({
      name,
      address: `0x${String(i + 1).repeat(40)}`,
      tradingKeySecret: name,
    }));
    const { hyperliquid, sent } = scriptedHyperliquid(answerAll, { accounts });
    for (const account of ['main', 'second', 'main']) await hyperliquid.orderVenue?.submitOrder(anOrder({ account }));
    const nonces = sent.map((request) => request.body.nonce);
    expect(new Set(nonces).size).toBe(3);
    expect(nonces).toEqual([...nonces].sort((a, b) => a - b));
  });

  it('does every call through the proxy, and through the next one after a breaker opened', async () => {
    const proxies = { urlPrefixes: ['http://one.test', 'http://two.test/'], origin: 'https://site.test' };
    let down = false;
    const { hyperliquid, sent } = scriptedHyperliquid(
      (request) => (down ? new Response('', { status: 502 }) : answerAll(request)),
      { proxies, dexes: [] },
    );
    await hyperliquid.marketData.loadInstruments();
    await hyperliquid.accountReader.fetchOpenOrders('main');
    await hyperliquid.accountReader.fetchOrder('main', 'BTC/USDC:USDC', `0x${'ab'.repeat(16)}`);
    await hyperliquid.orderVenue?.submitOrder(anOrder());
    expect(sent.length).toBe(4);
    for (const request of sent) {
      expect(request.url).toMatch(/^http:\/\/one\.test\/https:\/\/venue\.test\/(info|exchange)$/);
      expect(request.headers.origin).toBe('https://site.test');
    }
    down = true;
    for (let i = 0; i < 5; i += 1) await hyperliquid.orderVenue?.submitOrder(anOrder({ decisionId: `cycle${i}-0` }));
    down = false;
    sent.length = 0;
    await hyperliquid.orderVenue?.submitOrder(anOrder({ orderClass: 'reduce' }));
    expect(sent[0]?.url).toBe('http://two.test/https://venue.test/exchange');
  });

  it('keeps trading what it knows when the table of instruments is away', async () => {
    let away = false;
    const instruments = {
      all: async () => {
        if (away) throw new Error('database is away');
        return INSTRUMENTS;
      },
    };
    const { hyperliquid, clock, sent } = scriptedHyperliquid(answerAll, { instruments });
    await hyperliquid.ready();
    away = true;
    clock.set(clock.nowMs() + 2 * 3_600_000);
    const order = anOrder({ expiresAtMs: clock.nowMs() + 30_000 });
    expect(await hyperliquid.orderVenue?.submitOrder(order)).toMatchObject({ kind: 'accepted' });
    expect(sent.length).toBe(1);
  });

  it('sends nothing more once it is closed', async () => {
    const { hyperliquid, sent } = scriptedHyperliquid(answerAll);
    await hyperliquid.close();
    expect(await hyperliquid.orderVenue?.submitOrder(anOrder())).toMatchObject({ kind: 'rejected', code: 'not-sent' });
    expect(sent).toEqual([]);
  });
});
