export interface DatabaseLock {
  /** For the database: how long it has been waited for by now, null when it answers. */
  readonly note: (waitedMs: number | null) => void;
  /** For whoever asks meanwhile; null when it answers. */
  readonly waitedMs: () => number | null;
}

/** What another process's lock on the database means for everybody here: told when the wait begins and when it ends. */
export function createDatabaseLock(tell: (text: string, waitedMs: number) => void): DatabaseLock {
  let waitedMs: number | null = null;
  return {
    note(ms) {
      const before = waitedMs;
      waitedMs = ms;
      if (before === null && ms !== null) tell('another process holds the database: everything waits for it', ms);
      if (before !== null && ms === null) tell('the database is no longer waited for', before);
    },
    waitedMs: () => waitedMs,
  };
}
