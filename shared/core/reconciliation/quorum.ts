import { judgeAge } from '../age.ts';
import { Decimal, type DecimalText, dec, decimalText, ZERO } from '../decimal.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { EpochMs } from '../time.ts';

/** What one source says about one symbol. `size` and `venueTimeMs` are null when it says nothing usable. */
export interface SourceReading {
  /** `own-table`, `observer:<id>`. */
  readonly source: string;
  /** Signed base units. */
  readonly size: DecimalText | null;
  readonly venueTimeMs: EpochMs | null;
  /** Every sub-account was read: only then does an absent position mean flat. */
  readonly complete: boolean;
  /** Why there is no reading, or no complete one. */
  readonly error: string | null;
}

/** Architecture, rule 3.2. */
export interface QuorumRules {
  /** Sources that must agree; at least 1. */
  readonly quorum: number;
  readonly maxAgeMs: number;
  /** How far a venue time may lie ahead of our clock. */
  readonly futureToleranceMs: number;
  /** Venue time of the newest event that ended an order of ours on the symbol. */
  readonly settledAtMs: EpochMs;
  /** One lot in base units. */
  readonly lot: DecimalText;
  readonly nowMs: EpochMs;
}

export type NotCounting =
  | 'unreadable'
  | 'incomplete'
  | 'too-old'
  | 'from-the-future'
  | 'before-settlement'
  | 'same-source-twice';

/** A reading with its age and whether it counts: what `3t why` prints of a source. */
export interface SourceVerdict extends SourceReading {
  readonly ageMs: number | null;
  /** Null: it counts. */
  readonly notCounting: NotCounting | null;
}

export const QUORUM_CODES = ['awaiting-fill-visibility', 'no-quorum', 'dissent'] as const;
export type QuorumCode = (typeof QUORUM_CODES)[number];

export type QuorumResult =
  | {
      readonly kind: 'agreed';
      readonly size: DecimalText;
      /** The oldest agreeing source: it gave the number. */
      readonly source: string;
      readonly venueTimeMs: EpochMs;
      readonly verdicts: readonly SourceVerdict[];
    }
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal<QuorumCode>;
      readonly verdicts: readonly SourceVerdict[];
    };

type Counting = SourceVerdict & { readonly size: DecimalText; readonly venueTimeMs: EpochMs };
const isCounting = (verdict: SourceVerdict): verdict is Counting => verdict.notCounting === null;

/** Judges every source, then asks for a quorum among those that count. The order of the sources does not matter. */
export function judgeQuorum(readings: readonly SourceReading[], rules: QuorumRules): QuorumResult {
  const verdicts = judgeSources(readings, rules);
  const counting = verdicts.filter(isCounting);
  if (spread(counting).gt(rules.lot)) return refused('dissent', verdicts, counting, rules);
  if (counting.length >= Math.max(1, rules.quorum)) {
    const oldest = counting.reduce((a, b) => (byAgeThenName(a, b) <= 0 ? a : b));
    const { size, source, venueTimeMs } = oldest;
    return { kind: 'agreed', size: decimalText(size), source, venueTimeMs, verdicts };
  }
  const waiting = verdicts.some((v) => v.notCounting === 'before-settlement');
  return refused(waiting ? 'awaiting-fill-visibility' : 'no-quorum', verdicts, counting, rules);
}

export type ReduceView =
  | { readonly kind: 'known'; readonly size: DecimalText }
  | { readonly kind: 'unknown'; readonly reason: 'no-fresh-source' | 'opposite-signs' };

/**
 * What a reduction may rest on (architecture, rule 3.7): one source that counts is enough, none of opposite sign; the smallest
 * reported size, signed. Zero when any counting source says flat: there is nothing that is surely there to reduce.
 */
export function reduceView(verdicts: readonly SourceVerdict[]): ReduceView {
  const counting = verdicts.filter(isCounting);
  const [first] = counting;
  if (first === undefined) return { kind: 'unknown', reason: 'no-fresh-source' };
  if (sameText(counting)) return { kind: 'known', size: decimalText(first.size) };
  const sizes = counting.map((v) => dec(v.size));
  if (sizes.some((s) => s.gt(0)) && sizes.some((s) => s.lt(0))) return { kind: 'unknown', reason: 'opposite-signs' };
  const smallest = sizes.reduce((a, b) => (b.abs().lt(a.abs()) ? b : a));
  return { kind: 'known', size: decimalText(smallest) };
}

function judgeSources(readings: readonly SourceReading[], rules: QuorumRules): readonly SourceVerdict[] {
  const sorted = readings
    .map((reading) => judgeSource(reading, rules))
    .sort((a, b) => (a.source < b.source ? -1 : a.source > b.source ? 1 : byAgeThenName(a, b)));
  // A source listed twice is one witness, whatever its two readings say: the older one speaks.
  const heard = new Set<string>();
  return sorted.map((verdict) => {
    if (!isCounting(verdict)) return verdict;
    if (heard.has(verdict.source)) return { ...verdict, notCounting: 'same-source-twice' as const };
    heard.add(verdict.source);
    return verdict;
  });
}

function judgeSource(reading: SourceReading, rules: QuorumRules): SourceVerdict {
  const { venueTimeMs } = reading;
  const ageMs = venueTimeMs === null ? null : rules.nowMs - venueTimeMs;
  return { ...reading, ageMs, notCounting: whyNot(reading, ageMs, rules) };
}

function whyNot(reading: SourceReading, ageMs: number | null, rules: QuorumRules): NotCounting | null {
  if (!reading.complete && reading.venueTimeMs !== null) return 'incomplete';
  if (reading.size === null || reading.venueTimeMs === null || ageMs === null) return 'unreadable';
  const age = judgeAge(ageMs, rules.maxAgeMs, rules.futureToleranceMs);
  if (age !== 'fresh') return age;
  return reading.venueTimeMs <= rules.settledAtMs ? 'before-settlement' : null;
}

/** The usual case, without arithmetic: everybody says the same. */
const sameText = (counting: readonly Counting[]): boolean => counting.every((v) => v.size === counting[0]?.size);

function spread(counting: readonly Counting[]): Decimal {
  if (sameText(counting)) return ZERO;
  const sizes = counting.map((v) => dec(v.size));
  return Decimal.max(...sizes).minus(Decimal.min(...sizes));
}

const byAgeThenName = (a: SourceVerdict, b: SourceVerdict): number => {
  const time = (a.venueTimeMs ?? 0) - (b.venueTimeMs ?? 0);
  if (time !== 0) return time;
  const [left, right] = [textOf(a), textOf(b)];
  return left < right ? -1 : left > right ? 1 : 0;
};

/** All that two readings of one moment may differ in: none is before the other by chance. */
const textOf = ({ source, size, complete, notCounting, error }: SourceVerdict): string =>
  JSON.stringify([source, size, complete, notCounting, error]);

const MESSAGES: Readonly<Record<QuorumCode, string>> = {
  'awaiting-fill-visibility': 'the end of our last order is not visible in enough sources yet',
  'no-quorum': 'too few sources of the position count',
  dissent: 'sources that count disagree by more than one lot',
};

function refused(
  code: QuorumCode,
  verdicts: readonly SourceVerdict[],
  counting: readonly Counting[],
  rules: QuorumRules,
): QuorumResult {
  const numbers: Record<string, string | number | boolean | null> = {
    counting: counting.length,
    quorum: rules.quorum,
    maxAgeMs: rules.maxAgeMs,
    settledAtMs: rules.settledAtMs,
    lot: rules.lot,
  };
  for (const v of verdicts) {
    numbers[`${v.source} size`] = v.size;
    numbers[`${v.source} ageMs`] = v.ageMs;
    numbers[`${v.source} notCounting`] = v.notCounting;
  }
  return { kind: 'refused', refusal: refusal(code, MESSAGES[code], numbers), verdicts };
}
