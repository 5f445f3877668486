import * as z from 'zod';

const text = z.string().nullable().catch(null);
const number = z.number().nullable().catch(null);

const source = z.looseObject({
  source: z.string(),
  size: text,
  venueTimeMs: number,
  complete: z.boolean().catch(false),
  error: text,
  ageMs: number,
  notCounting: text,
});
export type DecisionSource = z.infer<typeof source>;

const runs = z.looseObject({ live: number, fresh: number, eligible: number, direction: number, pnlQuote: text });

/**
 * What a stored decision says about its inputs (see plan-symbol.ts), read back leniently: rows of an older version may lack
 * a field, which then reads as null and is not explained.
 */
const decisionInputsSchema = z.looseObject({
  desired: z
    .looseObject({
      kind: text,
      size: text,
      reason: text,
      rule: text,
      direction: number,
      unitQuote: text,
      runs: runs.nullable().catch(null),
      dataState: text,
      target: text,
      limitedBy: text,
      limit: text,
      capQuote: text,
      leverage: number,
    })
    .nullable()
    .catch(null),
  actual: z
    .union([z.string(), z.looseObject({ size: text, source: text })])
    .nullable()
    .catch(null),
  sources: z.array(source).catch([]),
  quorum: z.looseObject({ quorum: number, maxAgeMs: number, settledAtMs: number }).nullable().catch(null),
  price: z
    .looseObject({ price: text, from: text, ageMs: number, fresh: z.boolean().catch(false) })
    .nullable()
    .catch(null),
  money: z
    .looseObject({ equityQuote: text, budgetQuote: text, marginUsedQuote: text, unseenMarginQuote: text })
    .nullable()
    .catch(null),
  exitAttempts: number,
  holdReason: text,
  state: text,
  lockMode: text,
  minimumTradeQuote: text,
  /** Numbers of a refusal. */
  refusal: z.record(z.string(), z.unknown()).nullable().catch(null),
  /** Verdict of each limit that was checked. */
  rules: z.array(z.looseObject({ rule: z.string(), verdict: z.string() })).catch([]),
});
export type DecisionInputs = z.infer<typeof decisionInputsSchema>;

export const readDecisionInputs = (stored: unknown): DecisionInputs => decisionInputsSchema.parse(stored ?? {});
