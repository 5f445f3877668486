import { describe, expect, it } from 'vitest';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';

export interface DeadLettersUnderTest {
  readonly deadLetters: DeadLetters;
  readonly setNowMs: (nowMs: number) => void;
  readonly stored: () => Promise<
    readonly {
      source: string;
      recordId: string;
      error: string;
      payload: string;
      attempts: number;
      failedAtMs: number;
    }[]
  >;
}

const letter = (recordId: string, error = 'malformed') => ({
  source: 'market',
  recordId,
  error,
  payload: '{"not":"a bundle"}',
  attempts: 3,
});

/** What every store of poison records promises. */
export function deadLettersContract(name: string, create: () => Promise<DeadLettersUnderTest>): void {
  describe(`dead letters: ${name}`, () => {
    it('keeps the record with its payload and error', async () => {
      const { deadLetters, setNowMs, stored } = await create();
      setNowMs(5_000);
      await deadLetters.store(letter('shard:1'));

      expect(await stored()).toEqual([{ ...letter('shard:1'), failedAtMs: 5_000 }]);
    });

    it('stores a record once when it is handed over again', async () => {
      const { deadLetters, setNowMs, stored } = await create();
      setNowMs(5_000);
      await deadLetters.store(letter('shard:1'));
      setNowMs(6_000);
      await deadLetters.store({ ...letter('shard:1', 'still malformed'), attempts: 6 });
      await deadLetters.store(letter('shard:2'));

      expect(await stored()).toMatchObject([
        { recordId: 'shard:1', error: 'still malformed', attempts: 6, failedAtMs: 6_000 },
        { recordId: 'shard:2' },
      ]);
    });

    it('knows which records it has, source by source', async () => {
      const { deadLetters } = await create();
      await deadLetters.store(letter('1'));
      await deadLetters.store(letter('2'));

      expect([...(await deadLetters.known('market', ['2', '3', '1']))].sort()).toEqual(['1', '2']);
      expect((await deadLetters.known('orders', ['1'])).size).toBe(0);
      expect((await deadLetters.known('market', [])).size).toBe(0);
    });

    it('tells equal record ids of two sources apart', async () => {
      const { deadLetters, stored } = await create();
      await deadLetters.store(letter('1'));
      await deadLetters.store({ ...letter('1'), source: 'orders' });

      expect(await stored()).toHaveLength(2);
    });
  });
}
