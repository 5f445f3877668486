import { expect, it } from 'vitest';
import { feeText } from '#shared/core/orders/fee-text.ts';

it('is read in quote where its worth is known, else in what it was paid in', () => {
  const fee = { amount: '0.00021', currency: 'BNB' };
  expect(feeText({ feeQuote: '0.12', fee })).toBe('0.12');
  expect(feeText({ feeQuote: null, fee })).toBe('0.00021 BNB');
  expect(feeText({ feeQuote: null, fee: null })).toBe('unknown');
});
