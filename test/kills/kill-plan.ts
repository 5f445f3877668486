import { seededRandom } from '#local/virtual-time/seeded.ts';

/**
 * Where in the life of an order the process dies, and the places in the code that count as that point.
 * `any-time` is not tied to an order: the parent kills from outside, at an instant that the seed draws.
 */
export const KILL_VARIANTS = {
  /** Inside the transaction that stores decisions and intents: nothing of it may be left. */
  'before-intent': ['unwritten', 'uncommitted'],
  /** The intent is stored; no byte of the request has left. */
  'intent-send': ['unrelayed', 'unqueued', 'unmarked', 'marked', 'unsent'],
  /** The request is out; the venue has executed it, or will do so after the death. */
  'send-reply': ['executed', 'hanging', 'arrives-later', 'arrives-too-late'],
  /** The reply was heard; what it says is not stored yet. */
  'reply-store': ['heard', 'answer-uncommitted', 'end-uncommitted'],
  /** One of several writes about an order is stored, the next is not. */
  'after-store': ['answered', 'filled', 'ended'],
  'any-time': ['outside'],
} as const;

export type KillPoint = keyof typeof KILL_VARIANTS;
export type KillVariant = (typeof KILL_VARIANTS)[KillPoint][number];
export const KILL_POINTS = Object.keys(KILL_VARIANTS) as readonly KillPoint[];
/** What the work order asks for: each of these at least ten times in a full run. */
export const REQUIRED_POINTS = ['before-intent', 'intent-send', 'send-reply', 'reply-store'] as const;
export const REQUIRED_KILLS = 10;

export interface PlannedKill {
  readonly point: KillPoint;
  readonly variant: KillVariant;
  /** The how many-th time that the place is reached after the strategy was let go. */
  readonly nth: number;
  /** `send-reply`: from the request to the death. `any-time`: from the start of the process to its death. */
  readonly delayMs: number;
  /** How late the venue executes what `arrives-later`, and answers what is `executed`. */
  readonly venueDelayMs: number;
  /** How long nothing runs after the death. */
  readonly downMs: number;
  /** The account snapshots that the next process reads at first are this old. */
  readonly snapshotLagMs: number;
}

/** Kills of one state directory and one venue, one after the other. */
export interface SequencePlan {
  readonly seed: number;
  readonly orderTimeoutS: number;
  readonly kills: readonly PlannedKill[];
}

/** 60 kills are four sequences. */
const POINTS_OF_SEQUENCE: readonly KillPoint[] = [
  ...REQUIRED_POINTS,
  ...REQUIRED_POINTS,
  ...REQUIRED_POINTS,
  'after-store',
  'any-time',
  'any-time',
];
export const KILLS_PER_SEQUENCE = POINTS_OF_SEQUENCE.length;

/** From before the next process is up until just before the intent expires, or after that: the venue then refuses it. */
function venueDelayMs(variant: KillVariant, orderTimeoutS: number, int: (least: number, most: number) => number) {
  const expiresMs = orderTimeoutS * 1_000;
  if (variant === 'arrives-too-late') return expiresMs + 1_500;
  return variant === 'arrives-later' ? int(400, expiresMs - 1_500) : 3_500;
}

export function planSequence(seed: number, kills = KILLS_PER_SEQUENCE): SequencePlan {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1));
  const int = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  const oneOf = <T>(items: readonly T[]): T => items[int(0, items.length - 1)]!;
  // Longer than the outbox waits before it sends a command again, so that both ways are gone: sent again, and expired.
  const orderTimeoutS = oneOf([5, 9, 12]);
  const used = new Map<KillPoint, number>();
  const plan = shuffled(POINTS_OF_SEQUENCE, int).map((point): PlannedKill => {
    const seen = used.get(point) ?? 0;
    used.set(point, seen + 1);
    const variants: readonly KillVariant[] = KILL_VARIANTS[point];
    // Sequences take turns, so that a full run has every place.
    const perSequence = POINTS_OF_SEQUENCE.filter((p) => p === point).length;
    const variant = variants[(seed * perSequence + seen) % variants.length]!;
    return {
      point,
      variant,
      nth: int(1, 3),
      delayMs: point === 'any-time' ? int(400, 7_000) : int(30, 250),
      venueDelayMs: venueDelayMs(variant, orderTimeoutS, int),
      downMs: oneOf([0, 0, 0, int(0, 1_500), int(1_500, 4_000)]),
      snapshotLagMs: oneOf([0, 0, 0, int(500, 2_500)]),
    };
  });
  return { seed, orderTimeoutS, kills: plan.slice(0, kills) };
}

function shuffled<T>(items: readonly T[], int: (least: number, most: number) => number): readonly T[] {
  const left = [...items];
  return items.map(() => left.splice(int(0, left.length - 1), 1)[0]!);
}
