import { memoryDeadLetters } from '#shared/adapters/memory/dead-letters.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { deadLettersContract } from './dead-letters.contract.ts';

deadLettersContract('memory', async () => {
  const clock = manualClock();
  const deadLetters = memoryDeadLetters(clock);
  return { deadLetters, setNowMs: clock.set, stored: async () => deadLetters.letters() };
});
