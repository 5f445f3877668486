import type { DecimalText } from './decimal.ts';

/** Error is not flat: a position is either known, or unknown for a coded reason (architecture, rule 3.1). */
export type Known = { readonly kind: 'known'; readonly size: DecimalText };
export type Unknown<Reason extends string> = {
  readonly kind: 'unknown';
  readonly reason: Reason;
  /** The numbers behind the reason, for `3t why`. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
};
export type KnownOrUnknown<Reason extends string> = Known | Unknown<Reason>;

export const known = (size: DecimalText): Known => ({ kind: 'known', size });
export const unknown = <Reason extends string>(
  reason: Reason,
  detail: Unknown<Reason>['detail'] = {},
): Unknown<Reason> => ({ kind: 'unknown', reason, detail });
