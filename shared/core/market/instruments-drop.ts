import { dec } from '../decimal.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { Instrument } from './instrument.ts';

/** Share of the stored active instruments that may vanish from one answer before it is called broken. */
export const INSTRUMENTS_DROP_FRACTION_MAX = 0.5;

export type InstrumentsRefusal = Refusal<'instruments-empty' | 'instruments-dropped' | 'instruments-renumbered'>;
type Listing = Pick<Instrument, 'symbol' | 'status' | 'assetId' | 'sizeStep'>;

/**
 * Refuses an answer that is empty, or that lost more than half of the stored active instruments (pipeline reference §1.3.3):
 * a broken reply must not delist what we trade; and one in which a known asset has another number or another lot: where a row of the
 * venue's list is missing or there twice, all behind it have the number of another, and an order would trade that one. A second answer
 * that says the same confirms it.
 */
export function checkInstrumentsAnswer(
  stored: readonly Listing[],
  answer: readonly Listing[],
): InstrumentsRefusal | null {
  const isActive = (i: Listing) => i.status === 'active';
  const storedActive = stored.filter(isActive).length;
  const answerActive = answer.filter(isActive).length;
  const numbers = { storedActive, answerActive };
  if (answerActive === 0) return refusal('instruments-empty', 'the venue listed no active instrument', numbers);
  if (answerActive >= storedActive * (1 - INSTRUMENTS_DROP_FRACTION_MAX)) return renumbered(stored, answer);
  const message = `the venue lists ${answerActive} active instruments where ${storedActive} were stored: not applied until confirmed`;
  return refusal('instruments-dropped', message, numbers);
}

function renumbered(stored: readonly Listing[], answer: readonly Listing[]): InstrumentsRefusal | null {
  const before = new Map(stored.map((instrument) => [instrument.symbol, instrument]));
  const changed = answer.flatMap((now) => {
    const was = before.get(now.symbol);
    return was === undefined || (was.assetId === now.assetId && dec(was.sizeStep).eq(now.sizeStep))
      ? []
      : [{ now, was }];
  });
  const [first] = changed;
  if (first === undefined) return null;
  const { now, was } = first;
  const message = `the venue gives ${changed.length} known assets another number or lot, ${now.symbol} the first: not applied until confirmed`;
  return refusal('instruments-renumbered', message, {
    changed: changed.length,
    symbol: now.symbol,
    assetIdWas: was.assetId,
    assetId: now.assetId,
    sizeStepWas: was.sizeStep,
    sizeStep: now.sizeStep,
  });
}
