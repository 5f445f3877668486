import { type Decimal, type DecimalText, dec } from '../decimal.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { EpochMs } from '../time.ts';
import { type ChainedFill, positionAfter } from './foreign-changes.ts';

/** The position of a symbol that our stored fills lead to, and the venue's time of the last of them. */
export interface BookedPosition {
  readonly size: DecimalText;
  readonly atMs: EpochMs;
}

/**
 * By the newest stored fills of the symbol; null where they say nothing: there are none, none of them is the last, or a human has
 * adopted the position as it was since then.
 */
export function bookedPosition(newest: readonly ChainedFill[], adoptedAtMs: EpochMs | null): BookedPosition | null {
  const booked = positionAfter(newest);
  return booked !== null && booked.atMs > (adoptedAtMs ?? -1) ? booked : null;
}

/**
 * What of a position that too few sources tell of is surely there: one that shows the time before our last exit as the present has
 * nothing else against it than our own fills. Where these say nothing, or another side, the source stands.
 */
export function surelyHeld(told: Decimal, booked: BookedPosition | null): Decimal {
  if (booked === null) return told;
  const ours = dec(booked.size);
  return ours.times(told).gt(0) && ours.abs().lt(told.abs()) ? ours : told;
}

/**
 * Why nothing is opened on a position that our fills do not lead to: it may have vanished or come without a fill, and an order that
 * opens it again would make the books agree. `seen`: what the sources agreed on. `pending`: the order tracker is watching such a
 * difference already.
 */
export function unexplainedPosition(
  booked: BookedPosition | null,
  pending: boolean,
  seen: { readonly size: DecimalText; readonly venueTimeMs: EpochMs },
): Refusal<'position-unexplained'> | null {
  const differs = booked !== null && seen.venueTimeMs > booked.atMs && !dec(booked.size).eq(seen.size);
  if (!differs && !pending) return null;
  return refusal(
    'position-unexplained',
    'our fills do not lead to this position: nothing is opened until that is settled',
    {
      bookedSize: booked?.size ?? null,
      bookedAtMs: booked?.atMs ?? null,
      seenSize: seen.size,
      seenAtMs: seen.venueTimeMs,
      pending,
    },
  );
}
