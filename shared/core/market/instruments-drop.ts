import { type Refusal, refusal } from '../refusal.ts';
import type { Instrument } from './instrument.ts';

/** Share of the stored active instruments that may vanish from one answer before it is called broken. */
export const INSTRUMENTS_DROP_FRACTION_MAX = 0.5;

export type InstrumentsRefusal = Refusal<'instruments-empty' | 'instruments-dropped'>;

/**
 * Refuses an answer that is empty, or that lost more than half of the stored active instruments (pipeline reference §1.3.3):
 * a broken reply must not delist what we trade. A second answer of the same size confirms a real drop.
 */
export function checkInstrumentsAnswer(
  stored: readonly Pick<Instrument, 'status'>[],
  answer: readonly Pick<Instrument, 'status'>[],
): InstrumentsRefusal | null {
  const isActive = (i: Pick<Instrument, 'status'>) => i.status === 'active';
  const storedActive = stored.filter(isActive).length;
  const answerActive = answer.filter(isActive).length;
  const numbers = { storedActive, answerActive };
  if (answerActive === 0) return refusal('instruments-empty', 'the venue listed no active instrument', numbers);
  if (answerActive >= storedActive * (1 - INSTRUMENTS_DROP_FRACTION_MAX)) return null;
  const message = `the venue lists ${answerActive} active instruments where ${storedActive} were stored: not applied until confirmed`;
  return refusal('instruments-dropped', message, numbers);
}
