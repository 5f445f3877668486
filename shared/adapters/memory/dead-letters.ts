import type { Clock } from '#shared/ports/clock.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';

export type DeadLetter = Parameters<DeadLetters['store']>[0] & { readonly failedAtMs: number };

/** Keeps the letters in `letters`, one per (source, record), oldest first. */
export function memoryDeadLetters(clock: Clock): DeadLetters & { readonly letters: () => readonly DeadLetter[] } {
  const letters = new Map<string, DeadLetter>();
  return {
    async known(source, recordIds) {
      return new Set(recordIds.filter((recordId) => letters.has(`${source}\n${recordId}`)));
    },
    async store(letter) {
      const key = `${letter.source}\n${letter.recordId}`;
      const payload = letters.get(key)?.payload ?? letter.payload;
      letters.set(key, { ...letter, payload, failedAtMs: clock.nowMs() });
    },
    letters: () => [...letters.values()],
  };
}
