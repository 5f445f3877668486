import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HyperliquidSigner } from '#shared/adapters/exchange/hyperliquid/ccxt-hyperliquid-signer.ts';
import { NonceSequence } from '#shared/adapters/exchange/hyperliquid/nonce-sequence.ts';
import type { SubmitOutcome } from '#shared/ports/exchange.ts';
import { l1Hash, signerOf } from '#test/support/l1-signature-check.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import {
  AGENT,
  anOrder,
  INSTRUMENTS,
  json,
  KEY_NAME,
  orderAnswer,
  scriptedHyperliquid,
  T0,
} from '#test/support/scripted-venue.ts';

const accepted = () => orderAnswer({ resting: { oid: 77 } });
const broken = (code: string) => Object.assign(new TypeError('fetch failed'), { cause: { code } });

describe('what an order puts on the wire', () => {
  it('is one request with exactly our price, size, flags and client order id', async () => {
    const { hyperliquid, sent } = scriptedHyperliquid(accepted);
    const outcome = await hyperliquid.orderVenue?.submitOrder(anOrder({ timeInForce: 'Alo', reduceOnly: true }));
    expect(outcome).toEqual({
      kind: 'accepted',
      venueOrderId: '77',
      state: 'resting',
      filledSize: '0',
      averagePrice: null,
    });
    expect(sent.length, 'no builder fee, referrer, abstraction or market request beside it').toBe(1);
    expect(sent[0]?.url).toBe('https://venue.test/exchange');
    expect(sent[0]?.body.action).toEqual({
      type: 'order',
      orders: [
        {
          a: 0,
          b: true,
          p: '65000',
          s: '0.001',
          r: true,
          t: { limit: { tif: 'Alo' } },
          c: `0x${'ab'.repeat(16)}`,
        },
      ],
      grouping: 'na',
    });
    expect(Object.keys(sent[0]?.body).sort()).toEqual(['action', 'expiresAfter', 'nonce', 'signature', 'vaultAddress']);
    expect(sent[0]?.text).not.toContain('builder');
  });

  it('is signed by the agent, with the expiry inside the signature', async () => {
    const { hyperliquid, sent } = scriptedHyperliquid(accepted);
    await hyperliquid.orderVenue?.submitOrder(anOrder());
    const body = sent[0]?.body;
    expect(body.expiresAfter).toBe(T0 + 30_000);
    expect(body.nonce).toBe(T0);
    expect(signerOf(body, 'a')).toBe(AGENT.address);
    expect(signerOf(body, 'b'), 'testnet would see a stranger').not.toBe(AGENT.address);
    expect(signerOf({ ...body, expiresAfter: null }, 'a'), 'the expiry is part of the hash').not.toBe(AGENT.address);
    expect(signerOf({ ...body, expiresAfter: T0 + 30_001 }, 'a')).not.toBe(AGENT.address);
  });

  it('is signed for testnet when told so', async () => {
    const { hyperliquid, sent } = scriptedHyperliquid(accepted, { signingSource: 'b' });
    await hyperliquid.orderVenue?.submitOrder(anOrder());
    expect(signerOf(sent[0]?.body, 'b')).toBe(AGENT.address);
  });

  it('numbers a HIP-3 asset by its dex', async () => {
    const { hyperliquid, sent } = scriptedHyperliquid(accepted);
    await hyperliquid.orderVenue?.submitOrder(
      anOrder({ symbol: 'XYZ-INTC/USDC:USDC', size: '1.5', limitPrice: '31.25', side: 'sell' }),
    );
    expect(sent[0]?.body.action.orders[0]).toMatchObject({ a: 110_003, b: false, p: '31.25', s: '1.5' });
    expect(signerOf(sent[0]?.body, 'a')).toBe(AGENT.address);
  });

  it('carries the sub-account that the agent acts for, in the body and in the hash', async () => {
    const vaultAddress = `0x${'1f'.repeat(20)}`;
    const account = { name: 'main', address: vaultAddress, vaultAddress, tradingKeySecret: KEY_NAME };
    const { hyperliquid, sent } = scriptedHyperliquid(accepted, { accounts: [account] });
    await hyperliquid.orderVenue?.submitOrder(anOrder());
    expect(sent[0]?.body.vaultAddress).toBe(vaultAddress);
    expect(signerOf(sent[0]?.body, 'a')).toBe(AGENT.address);
  });

  it('never repeats a nonce, also within one millisecond and when the clock goes back', async () => {
    const { hyperliquid, sent, clock } = scriptedHyperliquid(accepted);
    await hyperliquid.orderVenue?.submitOrder(anOrder());
    await hyperliquid.orderVenue?.submitOrder(anOrder());
    clock.set(T0 - 5_000);
    await hyperliquid.orderVenue?.submitOrder(anOrder());
    expect(sent.map((request) => request.body.nonce)).toEqual([T0, T0 + 1, T0 + 2]);
  });

  it('hashes as the published example does', () => {
    // https://github.com/hyperliquid-dex/hyperliquid-python-sdk, tests/signing_test.py, order action on mainnet.
    const action = {
      type: 'order',
      orders: [{ a: 1, b: true, p: '1800', s: '0.02', r: false, t: { limit: { tif: 'Gtc' } } }],
      grouping: 'na',
    };
    const envelope = { action, nonce: 1690393044548, vaultAddress: null, expiresAfter: null };
    const published = '0xb8ed9e5a4ea7b2aebdb09fd794221c2599487f6dc8d3bf8f38656ab295f36120';
    expect(l1Hash(envelope)).toBe(published);
    const signer = aSigner();
    expect(`0x${signer.binaryToBase16(signer.actionHash(action, undefined, 1690393044548))}`).toBe(published);
  });
});

describe('what is not sent', () => {
  it.each([
    ['a price off the grid', { limitPrice: '65000.55' }],
    ['a second spelling of a price', { limitPrice: '65000.0' }],
    ['more decimals than lots have', { size: '0.0000015' }],
    ['a size of zero', { size: '0' }],
  ])('refuses %s instead of rounding it', async (_, change) => {
    const { hyperliquid, sent } = scriptedHyperliquid(accepted);
    expect(await hyperliquid.orderVenue?.submitOrder(anOrder(change))).toMatchObject({
      kind: 'rejected',
      code: 'off-grid',
    });
    expect(sent).toEqual([]);
  });

  it('refuses an order that has expired', async () => {
    const { hyperliquid, sent, clock } = scriptedHyperliquid(accepted);
    clock.set(T0 + 30_000);
    expect(await hyperliquid.orderVenue?.submitOrder(anOrder())).toMatchObject({ kind: 'rejected', code: 'expired' });
    expect(sent).toEqual([]);
  });

  it('refuses a symbol that neither the table nor the venue knows', async () => {
    const listed = (request: { body: { type: string } }) =>
      request.body.type === 'perpDexs' ? json([null, { name: 'xyz' }]) : json({ universe: [] });
    const { hyperliquid, sent } = scriptedHyperliquid(listed);
    const outcome = await hyperliquid.orderVenue?.submitOrder(anOrder({ symbol: 'NOPE/USDC:USDC' }));
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'configuration' });
    expect(sent.some((request) => request.url.endsWith('/exchange'))).toBe(false);
  });

  it('names a missing secret and nothing of its value', async () => {
    const secrets = { get: async () => Promise.reject(new Error(`held ${AGENT.privateKey}`)) };
    const { hyperliquid } = scriptedHyperliquid(accepted, { secrets });
    const error = await hyperliquid.ready().catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'ExchangeError', kind: 'configuration' });
    expect(String(error)).toContain(KEY_NAME);
    expect(inspect(error, { depth: 9 })).not.toContain(AGENT.privateKey.slice(2));
    const outcome = await hyperliquid.orderVenue?.submitOrder(anOrder());
    expect(outcome).toMatchObject({ kind: 'rejected', code: 'configuration' });
  });

  it('names a secret that is no key and nothing of its value', async () => {
    const { hyperliquid } = scriptedHyperliquid(accepted, { secrets: { get: async () => 'hunter2' } });
    const error = await hyperliquid.ready().catch((e: unknown) => e);
    expect(error).toMatchObject({ kind: 'configuration' });
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  });

  it('has no order venue at all without secrets', () => {
    expect(scriptedHyperliquid(accepted, { secrets: null }).hyperliquid.orderVenue).toBeNull();
  });
});

describe('what ccxt would do by itself', () => {
  it.each([
    ['approve a builder fee', (s: HyperliquidSigner) => s.approveBuilderFee()],
    ['set a referrer', (s: HyperliquidSigner) => s.setRef()],
    ['load the markets', (s: HyperliquidSigner) => s.loadMarkets(true)],
    ['sign an order without an expiry', (s: HyperliquidSigner) => s.createOrder('BTC/USDC:USDC', 'limit', 'buy', 1, 1)],
    ['sign a cancel without an expiry', (s: HyperliquidSigner) => s.cancelOrder('1', 'BTC/USDC:USDC')],
    ['withdraw', (s: HyperliquidSigner) => s.withdraw('USDC', 1, `0x${'1'.repeat(40)}`)],
  ])('cannot %s: nothing is sent', async (_, act) => {
    const sent: string[] = [];
    const signer = aSigner(sent);
    await expect(act(signer)).rejects.toThrow();
    expect(sent).toEqual([]);
  });

  it('prepares its client without a request', async () => {
    const sent: string[] = [];
    expect(await aSigner(sent).initializeClient()).toBe(true);
    expect(sent).toEqual([]);
  });
});

describe('where the key is', () => {
  it('is not in anything that the signer shows of itself', () => {
    const signer = aSigner();
    const hex = AGENT.privateKey.slice(2);
    for (const shown of [inspect(signer, { depth: 9, showHidden: true }), JSON.stringify(signer), String(signer)]) {
      expect(shown).not.toContain(hex);
    }
    expect(Object.values(signer as unknown as Record<string, unknown>).some((v) => String(v).includes(hex))).toBe(
      false,
    );
    expect(signer.agentAddress().toLowerCase()).toBe(AGENT.address);
  });
});

describe('what an answer means', () => {
  const answered = async (answer: () => Response | Promise<Response>): Promise<SubmitOutcome | undefined> => {
    const { hyperliquid, sent } = scriptedHyperliquid(answer);
    const outcome = await hyperliquid.orderVenue?.submitOrder(anOrder());
    expect(sent.length, 'an order is sent at most once').toBe(1);
    return outcome;
  };

  it('is accepted and filled, wholly or in part', async () => {
    const filled = orderAnswer({ filled: { totalSz: '0.0005', avgPx: '64999.5', oid: 78 } });
    expect(await answered(() => filled)).toEqual({
      kind: 'accepted',
      venueOrderId: '78',
      state: 'filled',
      filledSize: '0.0005',
      averagePrice: '64999.5',
    });
  });

  it.each([
    // The table of https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses, as far as it is about orders.
    ['Price must be divisible by tick size.', 'tick-size'],
    ['Order must have minimum value of $10.', 'min-notional'],
    ['Order must have minimum value of 10 USDC.', 'min-notional'],
    ['Insufficient margin to place order.', 'insufficient-margin'],
    ['Reduce only order would increase position.', 'reduce-only-would-increase'],
    ['Post only order would have immediately matched, bbo was 1@2.', 'post-only-would-match'],
    ['Order could not immediately match against any resting orders.', 'ioc-no-match'],
    ['Invalid TP/SL price.', 'trigger-price'],
    ['No liquidity available for market order.', 'ioc-no-match'],
    ['Order would increase open interest while open interest is capped', 'open-interest-cap'],
    ['Order rejected due to price more aggressive than oracle while at open interest cap', 'price-too-far'],
    ['Order would increase open interest too quickly', 'open-interest-cap'],
    ['(Spot-only) Order has insufficient spot balance to trade', 'insufficient-margin'],
    ['Order price too far from oracle', 'price-too-far'],
    ['Order would cause position to exceed margin tier limit at current leverage', 'margin-tier'],
    // What others have met and written down; see order-replies.ts.
    ['Order has zero size.', 'lot-size'],
    ['Order has invalid size.', 'lot-size'],
    ['Order price cannot be more than 80% away from the reference price', 'price-too-far'],
    ['Only post-only orders allowed immediately after a network upgrade', 'venue-closed'],
    ['Only post-only orders allowed immediately after network upgrade', 'venue-closed'],
    ['Trading is halted.', 'not-tradable'],
  ])('is a refusal of the order: %s', async (text, code) => {
    for (const error of [text, `${text} asset=0`]) {
      expect(await answered(() => orderAnswer({ error }))).toEqual({ kind: 'rejected', code, message: error });
    }
  });

  it.each([
    ['User or API Wallet 0x00 does not exist.', 'key-refused'],
    ['L1 error: User or API Wallet 0x0123 does not exist.', 'key-refused'],
    ['Must deposit before performing actions. User: 0x123', 'key-refused'],
    ['Too many cumulative requests sent (3 > 2) for cumulative volume traded $1.', 'rate-limited'],
    ['Price must be divisible by tick size.', 'tick-size'],
  ])('is a refusal of the request: %s', async (response, code) => {
    expect(await answered(() => json({ status: 'err', response }))).toMatchObject({ kind: 'rejected', code });
  });

  it.each([
    ...['Order already exists', 'Duplicate order', 'Duplicate client order id. asset=0', 'Order was never placed.'],
    ...['Something that nobody ever said before', 'Order 7 could not immediately match: order already exists'],
    ...['Order already exists. Reduce only order would increase position.', 'Order already matched with the oracle'],
    ...['API wallet expired', 'Action expired: expiresAfter 1 is before 2', 'Invalid nonce: duplicate nonce 1', ''],
  ])('is unknown after words that no document calls a refusal: %s', async (error) => {
    expect(await answered(() => orderAnswer({ error }))).toMatchObject({ kind: 'unknown' });
    expect(await answered(() => json({ status: 'err', response: error }))).toMatchObject({ kind: 'unknown' });
  });

  it.each([
    ['a server error', () => new Response('null', { status: 500 })],
    ['a gateway timeout', () => new Response('', { status: 504 })],
    ['a page of HTML', () => new Response('<html>', { status: 200 })],
    ['an empty body', () => new Response('', { status: 200 })],
    ['no status at all', () => json({ status: 'ok', response: { type: 'order', data: { statuses: [] } } })],
    ['two statuses', () => json({ status: 'ok', response: { type: 'order', data: { statuses: [{}, {}] } } })],
    ['a status of a new kind', () => orderAnswer({ paused: { oid: 1 } })],
    ['a fill at nothing', () => orderAnswer({ filled: { totalSz: '0.1', avgPx: '0.0', oid: 1 } })],
    ['a fill at a negative price', () => orderAnswer({ filled: { totalSz: '0.1', avgPx: '-64999.5', oid: 1 } })],
    ['a fill of a negative size', () => orderAnswer({ filled: { totalSz: '-0.1', avgPx: '64999.5', oid: 1 } })],
    ['a fill of nothing', () => orderAnswer({ filled: { totalSz: '0.0', avgPx: '1', oid: 1 } })],
    ['a number where text was agreed', () => orderAnswer({ filled: { totalSz: 0.1, avgPx: '1', oid: 1 } })],
    ['a redirect', () => new Response('', { status: 302, headers: { location: 'https://elsewhere.test' } })],
    ['a broken connection', () => Promise.reject(broken('ECONNRESET'))],
    ['a fault without a name', () => Promise.reject(new Error('?'))],
    ['silence', () => new Promise<Response>(() => {})],
  ])('is unknown after %s', async (_, answer) => {
    expect(await answered(answer as () => Response)).toMatchObject({ kind: 'unknown' });
  });

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'CERT_HAS_EXPIRED', 'UND_ERR_CONNECT_TIMEOUT'])(
    'is not sent after %s, when no connection was made',
    async (code) => {
      expect(await answered(() => Promise.reject(broken(code)))).toMatchObject({ kind: 'rejected', code: 'not-sent' });
    },
  );

  it('is a refusal after 429 from the venue, and unknown when a proxy may have tried before', async () => {
    const limited = () => new Response('', { status: 429 });
    expect(await answered(limited)).toMatchObject({ kind: 'rejected', code: 'rate-limited' });
    const proxies = { urlPrefixes: ['https://proxy.test'], origin: 'https://site.test' };
    const { hyperliquid, sent } = scriptedHyperliquid(limited, { proxies });
    expect(await hyperliquid.orderVenue?.submitOrder(anOrder())).toMatchObject({
      kind: 'unknown',
      errorKind: 'rate-limited',
    });
    expect(sent.map((request) => [request.url, request.headers.origin])).toEqual([
      ['https://proxy.test/https://venue.test/exchange', 'https://site.test'],
    ]);
  });

  it.each([400, 422])('is a refusal after HTTP %i: the request was not understood', async (status) => {
    expect(await answered(() => new Response('Failed to deserialize', { status }))).toMatchObject({
      kind: 'rejected',
      code: `http-${status}`,
    });
  });
});

describe('cancelling', () => {
  const cancelAnswer = (status: unknown) =>
    json({ status: 'ok', response: { type: 'cancel', data: { statuses: [status] } } });
  const cancel = (hyperliquid: ReturnType<typeof scriptedHyperliquid>['hyperliquid']) =>
    hyperliquid.orderVenue?.cancelOrder('main', 'SOL/USDC:USDC', `0x${'cd'.repeat(16)}`, 'open');

  it('asks by client order id, signed with an expiry', async () => {
    const { hyperliquid, sent } = scriptedHyperliquid(() => cancelAnswer('success'));
    expect(await cancel(hyperliquid)).toEqual({ kind: 'cancelled' });
    expect(sent.length).toBe(1);
    expect(sent[0]?.body).toMatchObject({
      action: { type: 'cancelByCloid', cancels: [{ asset: 5, cloid: `0x${'cd'.repeat(16)}` }] },
      expiresAfter: T0 + 30_000,
    });
    expect(signerOf(sent[0]?.body, 'a')).toBe(AGENT.address);
  });

  it('tells an order that is not open from one that it knows nothing of', async () => {
    const gone = { error: 'Order was never placed, already canceled, or filled. asset=5' };
    expect(await cancel(scriptedHyperliquid(() => cancelAnswer(gone)).hyperliquid)).toMatchObject({ kind: 'not-open' });
    const odd = { error: 'The moon is full.' };
    expect(await cancel(scriptedHyperliquid(() => cancelAnswer(odd)).hyperliquid)).toMatchObject({ kind: 'unknown' });
    const dead = scriptedHyperliquid(() => Promise.reject(broken('ECONNRESET')));
    expect(await cancel(dead.hyperliquid)).toMatchObject({ kind: 'unknown' });
    expect(dead.sent.length, 'it may have arrived: not sent again').toBe(1);
  });

  it('tries again when no connection was made, with a new nonce', async () => {
    let tries = 0;
    const { hyperliquid, sent } = scriptedHyperliquid(() => {
      tries += 1;
      return tries < 3 ? Promise.reject(broken('ECONNREFUSED')) : cancelAnswer('success');
    });
    expect(await cancel(hyperliquid)).toEqual({ kind: 'cancelled' });
    expect(new Set(sent.map((request) => request.body.nonce)).size).toBe(3);
  });
});

describe('setting leverage', () => {
  it('signs it with an expiry and throws when it is refused', async () => {
    const ok = scriptedHyperliquid(() => json({ status: 'ok', response: { type: 'default' } }));
    await ok.hyperliquid.orderVenue?.setLeverage('main', 'XYZ-INTC/USDC:USDC', 5, true);
    expect(ok.sent[0]?.body.action).toEqual({ type: 'updateLeverage', asset: 110_003, isCross: false, leverage: 5 });
    expect(signerOf(ok.sent[0]?.body, 'a')).toBe(AGENT.address);
    const no = scriptedHyperliquid(() => json({ status: 'err', response: 'Invalid leverage value.' }));
    await expect(no.hyperliquid.orderVenue?.setLeverage('main', 'BTC/USDC:USDC', 500, false)).rejects.toMatchObject({
      kind: 'rejected',
    });
  });
});

function aSigner(sent: string[] = []): HyperliquidSigner {
  const clock = manualClock(T0);
  const signer = new HyperliquidSigner({
    httpUrl: 'https://venue.test',
    transport: Object.assign(
      async (url: string) => {
        sent.push(url);
        return '{}';
      },
      { close: async () => {} },
    ),
    nowMs: () => clock.nowMs(),
    privateKey: AGENT.privateKey,
    source: 'a',
    nonces: new NonceSequence(clock),
    vaultAddress: null,
  });
  signer.useInstruments(INSTRUMENTS);
  return signer;
}
