import type { DecimalText } from '../decimal.ts';

/** A fee for reading: in quote where it is known, else as it was paid. */
export const feeText = (fill: {
  readonly feeQuote: DecimalText | null;
  readonly fee: { readonly amount: DecimalText; readonly currency: string } | null;
}): string => fill.feeQuote ?? (fill.fee === null ? 'unknown' : `${fill.fee.amount} ${fill.fee.currency}`);
