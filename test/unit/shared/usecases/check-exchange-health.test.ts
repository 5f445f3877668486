import { describe, expect, it } from 'vitest';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { checkExchangeHealth } from '#shared/usecases/check-exchange-health.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';

const MAX_AGE_MS = 300_000;

function clinic(answers: readonly boolean[]) {
  let nowMs = 1_000_000;
  let asked = 0;
  const jobs = sqlJobStateRepository(memoryDatabase(), 'hyperliquid');
  const exchangeHealth = {
    check: async () => {
      const healthy = answers[asked] ?? true;
      asked += 1;
      const error = healthy ? null : 'no answer in 10 s';
      return { healthy, latencyMs: 5, instruments: healthy ? 8 : null, error, breakers: {}, rateWeightUsed: 20 };
    },
  };
  return {
    look: (afterMs = 0) => {
      nowMs += afterMs;
      return checkExchangeHealth(
        { clock: { nowMs: () => nowMs }, jobs, exchangeHealth },
        { exchange: 'hyperliquid', maxAgeMs: MAX_AGE_MS },
      );
    },
    row: async () => (await jobs.all()).find((job) => job.job === 'exchange-health'),
  };
}

describe('checkExchangeHealth', () => {
  it('asks at first and then only when the last good look is old', async () => {
    const { look } = clinic([true, true]);
    expect((await look()).kind).toBe('checked');
    expect((await look(MAX_AGE_MS - 1)).kind).toBe('not-due');
    expect((await look(1)).kind).toBe('checked');
  });

  it('stores why the venue is unwell, and asks again until it is well', async () => {
    const { look, row } = clinic([false, true]);
    await look();
    expect((await row())?.lastError).toBe('no answer in 10 s');
    expect((await look(5_000)).kind).toBe('checked');
    expect(await row()).toMatchObject({ lastError: null, detail: { instruments: 8 } });
  });
});
