import type { JobState, JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';

export function memoryJobStateRepository(): JobStateRepository {
  const jobs = new Map<string, JobState>();
  const of = (job: string): JobState =>
    jobs.get(job) ?? { job, lastSlotMs: -1, lastOkMs: 0, lastError: null, detail: {} };
  return {
    async claimSlot(job, slotMs) {
      const state = of(job);
      if (slotMs <= state.lastSlotMs) return false;
      jobs.set(job, { ...state, lastSlotMs: slotMs });
      return true;
    },
    async releaseSlot(job, slotMs) {
      const state = of(job);
      if (state.lastSlotMs === slotMs) jobs.set(job, { ...state, lastSlotMs: slotMs - 1 });
    },
    async recordOk(job, atMs, detail) {
      const state = of(job);
      jobs.set(job, { ...state, lastOkMs: atMs, lastError: null, detail: detail ?? state.detail });
    },
    async recordError(job, _atMs, error, detail) {
      const state = of(job);
      jobs.set(job, { ...state, lastError: error.slice(0, 1000), detail: detail ?? state.detail });
    },
    all: async () => [...jobs.values()].sort((a, b) => (a.job < b.job ? -1 : 1)),
  };
}
