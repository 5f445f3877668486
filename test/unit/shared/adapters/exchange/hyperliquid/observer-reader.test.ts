import { describe, expect, it } from 'vitest';
import { readAccountForObserver } from '#shared/adapters/exchange/hyperliquid/observer-reader.ts';
import { readingOf } from '#shared/core/reconciliation/account-view.ts';
import { observedView } from '#shared/messages/observed-view.ts';
import { observerDocumentSchema } from '#shared/messages/observer-document.ts';
import { type Answer, json, MASTER, type SentRequest, scriptedFetch, T0 } from '#test/support/scripted-venue.ts';

const state = (accountValue: string, totalMarginUsed: string, time: number, coins: string[]) => ({
  marginSummary: { accountValue, totalMarginUsed },
  assetPositions: coins.map((coin) => ({ type: 'oneWay', position: { coin, szi: '-1.5', marginUsed: '3.0' } })),
  time,
});
const native = state('1000.5', '60.0', T0, ['BTC']);
const xyz = state('200.0', '40.0', T0 - 700, ['xyz:INTC']);

const observe = (answer: Answer) => {
  const sent: SentRequest[] = [];
  const { fetch } = scriptedFetch((request) => {
    if (request.body.type === 'userAbstraction') return json('default');
    sent.push(request);
    return answer(request);
  });
  const entry = readAccountForObserver({
    url: 'https://venue.test/',
    address: MASTER,
    dexes: ['xyz'],
    observerId: 'observer-1',
    fetch,
    timeoutMs: 30,
    headers: { 'user-agent': '3t-observer' },
  });
  return { entry, sent };
};

describe('what an observer sees', () => {
  it('is the sum of all sub-accounts with the oldest time, and fits the document', async () => {
    const { entry, sent } = observe(({ body }) => json(body.dex ? xyz : native));
    const seen = await entry;
    expect(seen).toMatchObject({
      venue_time_ms: T0 - 700,
      complete: true,
      marginSummary: { accountValue: '1200.5', totalMarginUsed: '100' },
    });
    expect(seen.assetPositions.map((p) => p.position.coin)).toEqual(['BTC', 'xyz:INTC']);
    expect(
      sent.map((request) => [request.url, request.headers['x-observer-id'], request.headers['user-agent']]),
    ).toEqual([0, 1].map(() => ['https://venue.test/info', 'observer-1', '3t-observer']));
    const document = {
      v: 1,
      observer_id: 'observer-1',
      timestamp: new Date(T0).toISOString(),
      exchange: 'hyperliquid',
      positions: { [MASTER]: seen },
    };
    expect(observerDocumentSchema.safeParse(document).success).toBe(true);
  });

  it.each([
    ['answers 500', () => new Response('null', { status: 500 })],
    ['is malformed', () => json({ ...xyz, time: 'yesterday' })],
    ['is no JSON', () => new Response('<html>')],
    ['is silent', () => new Promise<Response>(() => {})],
    ['breaks off', () => Promise.reject(new TypeError('fetch failed'))],
    ['is ignored, and the native part comes twice', () => json(native)],
    ['names a native coin among its own', () => json(state('200.0', '40.0', T0, ['xyz:INTC', 'BTC']))],
    ['holds a coin of another dex', () => json(state('200.0', '40.0', T0, ['abc:INTC']))],
  ])('is incomplete and says why, when a dex %s', async (_, broken) => {
    const { entry, sent } = observe(({ body }) => (body.dex ? broken() : json(native)));
    const seen = await entry;
    expect(seen.complete).toBe(false);
    expect(seen.sub_accounts[1]).toMatchObject({ name: 'xyz', complete: false, venue_time_ms: null });
    expect(seen.sub_accounts[1]?.error).toBeTruthy();
    expect(seen.marginSummary, 'a part is nobody’s equity').toBeNull();
    expect(sent.length, 'one more attempt').toBe(3);
  });

  it.each([
    ['is of a new kind', [{ type: 'hedge', position: { coin: 'xyz:ODD', szi: '1' } }]],
    ['has a size that is no text', [{ type: 'oneWay', position: { coin: 'xyz:ODD', szi: 1 } }]],
    ['has a negative margin', [{ type: 'oneWay', position: { coin: 'xyz:ODD', szi: '1', marginUsed: '-3.0' } }]],
    ['is there twice', ['1', '2', '3'].map((szi) => ({ type: 'oneWay', position: { coin: 'xyz:ODD', szi } }))],
  ])('knows every position but the one that %s', async (_, odd) => {
    const answer = { ...xyz, assetPositions: [...odd, ...xyz.assetPositions] };
    const seen = await observe(({ body }) => json(body.dex ? answer : native)).entry;
    expect(seen).toMatchObject({ complete: true, sub_accounts: [{}, { complete: true, unread_coins: ['XYZ:ODD'] }] });
    expect(seen.assetPositions.map((p) => p.position.coin)).toEqual(['BTC', 'xyz:INTC']);
    const document = observerDocumentSchema.parse({
      v: 1,
      observer_id: 'observer-1',
      timestamp: new Date(T0).toISOString(),
      exchange: 'hyperliquid',
      positions: { [MASTER]: seen },
    });
    const view = observedView('observer:1', document, 'hyperliquid', MASTER);
    expect(readingOf(view, { venueSymbol: 'xyz:ODD', subAccount: 'xyz' })).toMatchObject({
      size: null,
      complete: false,
    });
    expect(readingOf(view, { venueSymbol: 'xyz:INTC', subAccount: 'xyz' })).toMatchObject({
      size: '-1.5',
      complete: true,
    });
  });

  it('is unknown of a dex with a position without a coin: it could be any', async () => {
    const answer = { ...xyz, assetPositions: [{ type: 'oneWay', position: { szi: '1' } }] };
    expect((await observe(({ body }) => json(body.dex ? answer : native)).entry).complete).toBe(false);
  });

  it('counts the same money without positions once, and no money as often as it is told', async () => {
    const flat = await observe(() => json(state('1000.5', '0.0', T0, []))).entry;
    expect(flat).toMatchObject({ complete: false, sub_accounts: [{ complete: true }, { complete: false }] });
    const empty = await observe(() => json(state('0.0', '0.0', T0, []))).entry;
    expect(empty).toMatchObject({ complete: true, marginSummary: { accountValue: '0' } });
  });

  it('is not asked for again when it was told to slow down', async () => {
    const { entry, sent } = observe(({ body }) => (body.dex ? new Response('', { status: 429 }) : json(native)));
    expect((await entry).complete).toBe(false);
    expect(sent.length).toBe(2);
  });

  it('is nothing, loudly, when no sub-account can be read', async () => {
    await expect(observe(() => new Response('', { status: 503 })).entry).rejects.toMatchObject({
      name: 'ObserverReadError',
    });
  });
});
