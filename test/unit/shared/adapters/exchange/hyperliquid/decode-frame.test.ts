import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCarefully, decodeFrame } from '#shared/adapters/exchange/hyperliquid/decode-frame.ts';
import { decodeTradesFast } from '#shared/adapters/exchange/hyperliquid/fast-trades-decoder.ts';
import { tradesMessage } from '#test/support/fake-socket.ts';

const COINS = new Map([
  ['BTC', 'BTC/USDC:USDC'],
  ['xyz:INTC', 'XYZ-INTC/USDC:USDC'],
]);
const decode = (text: string) => decodeFrame(text, 'hyperliquid', COINS);
const one = (overrides: object) => {
  const message = tradesMessage({ time: 1_700_000_000_000, tid: 5 });
  Object.assign(message.data[0]!, overrides);
  return JSON.stringify(message);
};

const decimalText = fc.oneof(
  { weight: 12, arbitrary: fc.stringMatching(/^(0|[1-9]\d{0,8})(\.\d{1,10})?$/) },
  fc.constantFrom('0', '0.0', '-1', '1e5', '01', '1.', '.5', '', `1${'0'.repeat(40)}`, '٣'),
);
const wireTrade = fc.record({
  coin: fc.oneof({ weight: 12, arbitrary: fc.constant('BTC') }, fc.constantFrom('xyz:INTC', 'DOGE')),
  side: fc.oneof({ weight: 12, arbitrary: fc.constantFrom('A', 'B') }, fc.constant('C')),
  px: decimalText,
  sz: decimalText,
  time: fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 0, max: 4_200_000_000_000 }) }, fc.constantFrom(-1, 1.5)),
  hash: fc.stringMatching(/^0x[0-9a-f]{0,64}$/),
  tid: fc.oneof({ weight: 12, arbitrary: fc.nat(2 ** 49) }, fc.constantFrom(-1, 0, 2 ** 53, 1e15, 999_999_999_999_999)),
  users: fc.constant([`0x${'a'.repeat(40)}`, `0x${'B'.repeat(40)}`]),
});
const frameText = fc
  .array(wireTrade, { minLength: 0, maxLength: 6 })
  .map((data) => JSON.stringify({ channel: 'trades', data }));

describe('decodeFrame', () => {
  it('reads every trade of a message', () => {
    const text = JSON.stringify(
      tradesMessage({ time: 1, tid: 5, px: '69172.5', side: 'A' }, { time: 2, tid: 6, sz: '0.00010' }),
    );
    const ticks = [
      { tradeId: '5', price: '69172.5', size: '0.5', side: 'sell', venueTimeMs: 1 },
      { tradeId: '6', price: '100.0', size: '0.00010', side: 'buy', venueTimeMs: 2 },
    ];
    expect(decode(text)).toMatchObject({ kind: 'trades', groups: [{ symbol: 'BTC/USDC:USDC', ticks }], drops: [] });
    expect(decodeTradesFast(text, 'hyperliquid', COINS)?.ticks).toHaveLength(2);
  });

  it('reads other layouts, and messages of two coins, the careful way', () => {
    const text = JSON.stringify(tradesMessage({ time: 1, tid: 5 }, { coin: 'xyz:INTC', time: 2, tid: 6 }), null, 1);
    expect(decodeTradesFast(text, 'hyperliquid', COINS)).toBeNull();
    expect(decode(text)).toMatchObject({
      groups: [{ symbol: 'BTC/USDC:USDC' }, { symbol: 'XYZ-INTC/USDC:USDC' }],
    });
  });

  it.each([
    ['a price of zero', one({ px: '0.0' }), 'malformed-trade'],
    ['a negative price', one({ px: '-1' }), 'malformed-trade'],
    ['a number instead of text', one({ px: 5 }), 'malformed-trade'],
    ['a side of its own', one({ side: 'X' }), 'malformed-trade'],
    ['an id beyond 2^53', one({ tid: 2 ** 53 }), 'malformed-trade'],
    ['a coin nobody asked for', one({ coin: 'DOGE' }), 'unknown-coin'],
  ])('drops a trade with %s and keeps the rest', (_what, text, reason) => {
    const good = tradesMessage({ time: 3, tid: 9 }).data[0]!;
    const message = JSON.parse(text) as { data: unknown[] };
    message.data.push(good);
    expect(decode(JSON.stringify(message))).toMatchObject({
      groups: [{ ticks: [{ tradeId: '9' }] }],
      drops: [{ reason }],
    });
  });

  it.each([
    ['no JSON', '{"channel":"trades","data":[{"coin":"BTC"', 'malformed'],
    ['an unknown channel', '{"channel":"bogus","data":1}', 'unexpected-channel'],
    ['data that is no list', '{"channel":"trades","data":{}}', 'malformed'],
    ['null', 'null', 'malformed'],
    ['more than 1 MiB', `"${'x'.repeat(1_048_576)}"`, 'oversized'],
  ])('drops a frame of %s', (_what, text, reason) => {
    expect(decode(text)).toMatchObject({ kind: 'dropped', drop: { reason } });
  });

  it('suspects a hole in the coin that a lost frame names, in every one where it may have been trades of any', () => {
    const suspects = (text: string) => decode(text).kind === 'dropped' && decode(text);
    expect(suspects('{"channel":"trades","data":[{"coin":"BTC"')).toMatchObject({ drop: { suspects: ['BTC'] } });
    expect(suspects('{"channel":"trades","data":[')).toMatchObject({ drop: { suspects: 'all' } });
    expect(suspects('{"channel":"bogus","data":1}')).toMatchObject({ drop: { suspects: [] } });
  });

  it('tells answers, errors and pongs apart', () => {
    const answer = (method: string) =>
      JSON.stringify({
        channel: 'subscriptionResponse',
        data: { method, subscription: { type: 'trades', coin: 'BTC' } },
      });
    expect(decode(answer('subscribe'))).toEqual({ kind: 'subscribed', venueSymbols: ['BTC'] });
    expect(decode(answer('unsubscribe'))).toEqual({ kind: 'noted' });
    expect(decode('{"channel":"error","data":"Invalid subscription"}')).toEqual({
      kind: 'refused',
      venueSymbols: [],
      message: 'Invalid subscription',
    });
    const error = (text: string) => decode(JSON.stringify({ channel: 'error', data: text }));
    expect(error('Invalid subscription {"type":"trades","coin":"BTC"}')).toMatchObject({ venueSymbols: ['BTC'] });
    expect(error('Already subscribed: {"type":"trades","coin":"BTC"}')).toEqual({
      kind: 'subscribed',
      venueSymbols: ['BTC'],
    });
    expect(error('Already unsubscribed: {"type":"trades","coin":"BTC"}')).toEqual({ kind: 'noted' });
    expect(decode('{"channel":"pong"}')).toEqual({ kind: 'noted' });
  });

  it('gives, by the fast way, exactly what the schema gives, or nothing', () => {
    let accepted = 0;
    fc.assert(
      fc.property(frameText, (text) => {
        const fast = decodeTradesFast(text, 'hyperliquid', COINS);
        if (fast === null) return;
        accepted += 1;
        expect({ kind: 'trades', groups: [fast], drops: [] }).toEqual(decodeCarefully(text, 'hyperliquid', COINS));
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('accepts, by the fast way, no damaged text that the schema refuses', () => {
    const whole = JSON.stringify(
      tradesMessage({ time: 1_700_000_000_000, tid: 5 }, { time: 1_700_000_000_001, tid: 6 }),
    );
    const damage = fc.record({
      at: fc.nat(whole.length - 1),
      remove: fc.nat(3),
      insert: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('"', '\\', '\n', '0', '9', '.', '-', '}', ',')),
    });
    fc.assert(
      fc.property(damage, ({ at, remove, insert }) => {
        const text = whole.slice(0, at) + insert + whole.slice(at + remove);
        const fast = decodeTradesFast(text, 'hyperliquid', COINS);
        // Control characters inside what nobody reads are let pass.
        if (fast === null || [...text].some((c) => c < ' ')) return;
        expect({ kind: 'trades', groups: [fast], drops: [] }).toEqual(decodeCarefully(text, 'hyperliquid', COINS));
      }),
      { numRuns: 5000 },
    );
  });
});
