import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientOrderId, installationTagOf } from '#shared/core/orders/client-order-id.ts';

const TAG = '0a1b2c3d';
const ACCOUNT = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266';

describe('clientOrderId', () => {
  it('is the tag and 12 bytes of SHA-256 over length-prefixed fields', () => {
    const text = `42:${ACCOUNT},13:BTC/USDC:USDC,1:7,1:0,`;
    const digest = createHash('sha256').update(text).digest('hex');
    expect(clientOrderId(TAG, ACCOUNT, 'BTC/USDC:USDC', 7, 0)).toBe(`0x${TAG}${digest.slice(0, 24)}`);
  });

  it.each([
    [0, 0, '0x0a1b2c3d4a03ccb22c8bf037454f8c2b'],
    [41, 1, '0x0a1b2c3d201cf1e1c47aca12a673fc0a'],
  ])('never changes its value for epoch %i leg %i (a changed hash would send an order twice)', (epoch, leg, id) => {
    expect(clientOrderId(TAG, ACCOUNT, 'XYZ-CL/USDC:USDC', epoch, leg)).toBe(id);
  });

  it('differs whenever any field differs', () => {
    const field = fc.tuple(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ maxLength: 8 }),
      fc.nat(),
      fc.nat(3),
    );
    fc.assert(
      fc.property(field, field, (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        return clientOrderId(TAG, ...a) !== clientOrderId(TAG, ...b);
      }),
    );
  });

  it('does not confuse fields whose concatenation is the same', () => {
    expect(clientOrderId(TAG, 'ab', 'c', 1, 1)).not.toBe(clientOrderId(TAG, 'a', 'bc', 1, 1));
    expect(clientOrderId(TAG, 'a', 'b', 11, 1)).not.toBe(clientOrderId(TAG, 'a', 'b', 1, 11));
  });

  it.each(['0A1B2C3D', '123', ''])('asserts a malformed installation tag %j', (tag) => {
    expect(() => clientOrderId(tag, 'a', 'b', 0, 0)).toThrow('8 lower-case hex');
  });

  it.each([-1, 1.5, Number.NaN])('asserts epoch %d', (epoch) => {
    expect(() => clientOrderId(TAG, 'a', 'b', epoch, 0)).toThrow('whole number');
  });
});

describe('installationTagOf', () => {
  it('reads the tag back', () => {
    expect(installationTagOf(clientOrderId(TAG, 'a', 'b', 0, 0))).toBe(TAG);
  });
  it.each(['', '0x', `0x${'g'.repeat(32)}`, `0x${'A'.repeat(32)}`, 'manual-order'])('is null for %j', (text) => {
    expect(installationTagOf(text)).toBeNull();
  });
});
