import type { JobState, JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';

/** The same repository for one invocation: rows are read once, and again after something was written. */
export function readOnce(jobs: JobStateRepository): JobStateRepository {
  let rows: Promise<readonly JobState[]> | null = null;
  const written = <T>(write: Promise<T>): Promise<T> => {
    rows = null;
    return write;
  };
  return {
    all: () => {
      rows ??= jobs.all();
      return rows;
    },
    claimSlot: (job, slotMs) => written(jobs.claimSlot(job, slotMs)),
    releaseSlot: (job, slotMs) => written(jobs.releaseSlot(job, slotMs)),
    recordOk: (job, atMs, detail) => written(jobs.recordOk(job, atMs, detail)),
    recordError: (job, atMs, error, detail) => written(jobs.recordError(job, atMs, error, detail)),
  };
}
