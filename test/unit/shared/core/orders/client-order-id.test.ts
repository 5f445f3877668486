import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientOrderId, installationTagOf } from '#shared/core/orders/client-order-id.ts';

const TAG = '0a1b2c3d';
const EXCHANGE = 'hyperliquid';
const ACCOUNT = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';
const ORDER = { exchange: EXCHANGE, account: 'a', symbol: 'b', epoch: 0, leg: 0 };

describe('clientOrderId', () => {
  it('is the tag and 12 bytes of SHA-256 over length-prefixed fields', () => {
    const text = `1:2,11:hyperliquid,42:${ACCOUNT},13:BTC/USDC:USDC,1:7,1:0,`;
    const digest = createHash('sha256').update(text).digest('hex');
    expect(
      clientOrderId(TAG, { exchange: EXCHANGE, account: ACCOUNT, symbol: 'BTC/USDC:USDC', epoch: 7, leg: 0 }),
    ).toBe(`0x${TAG}${digest.slice(0, 24)}`);
  });

  it.each([
    [0, 0, '0x0a1b2c3d8f2f19c4355e11f4243464fb'],
    [41, 1, '0x0a1b2c3d91b8b499b4f5f4105ff41774'],
  ])('never changes its value for epoch %i leg %i (a changed hash would send an order twice)', (epoch, leg, id) => {
    expect(clientOrderId(TAG, { exchange: EXCHANGE, account: ACCOUNT, symbol: 'XYZ-CL/USDC:USDC', epoch, leg })).toBe(
      id,
    );
  });

  it('differs whenever any field differs', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 });
    const identity = fc.record({ exchange: text, account: text, symbol: text, epoch: fc.nat(), leg: fc.nat(3) });
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        return clientOrderId(TAG, a) !== clientOrderId(TAG, b);
      }),
    );
  });

  it('names two orders on two venues whose account and symbol are called alike', () => {
    expect(clientOrderId(TAG, { ...ORDER, exchange: 'a' })).not.toBe(clientOrderId(TAG, { ...ORDER, exchange: 'b' }));
  });

  it('does not confuse fields whose concatenation is the same', () => {
    const id = (account: string, symbol: string, epoch: number, leg: number) =>
      clientOrderId(TAG, { exchange: EXCHANGE, account, symbol, epoch, leg });
    expect(id('ab', 'c', 1, 1)).not.toBe(id('a', 'bc', 1, 1));
    expect(id('a', 'b', 11, 1)).not.toBe(id('a', 'b', 1, 11));
  });

  it.each(['0A1B2C3D', '123', ''])('asserts a malformed installation tag %j', (tag) => {
    expect(() => clientOrderId(tag, ORDER)).toThrow('8 lower-case hex');
  });

  it.each([-1, 1.5, Number.NaN])('asserts epoch %d', (epoch) => {
    expect(() => clientOrderId(TAG, { ...ORDER, epoch })).toThrow('whole number');
  });
});

describe('installationTagOf', () => {
  it('reads the tag back', () => {
    expect(installationTagOf(clientOrderId(TAG, ORDER))).toBe(TAG);
  });
  it.each(['', '0x', `0x${'g'.repeat(32)}`, `0x${'A'.repeat(32)}`, 'manual-order'])('is null for %j', (text) => {
    expect(installationTagOf(text)).toBeNull();
  });
});
