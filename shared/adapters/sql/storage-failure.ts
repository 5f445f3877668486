/** What a failed statement says about its file: with this, no later statement can be trusted to be stored. */
export interface StorageFailure {
  readonly reason: string;
  /** SQLite's own words. */
  readonly message: string;
}

/** Primary result codes, https://www.sqlite.org/rescode.html. A lock counts once the busy timeout has passed. */
const REASONS: Readonly<Record<number, string>> = {
  5: 'another process holds it',
  6: 'another process holds it',
  8: 'it is read-only',
  10: 'the disk cannot be read or written',
  11: 'it is damaged',
  13: 'the disk is full',
  14: 'it cannot be opened',
  26: 'it is not a database',
};

/** Null when the statement itself was at fault (a constraint, its text), or the error is none of SQLite's. */
export function storageFailure(error: unknown): StorageFailure | null {
  const { code, errcode, message = '' } = (error ?? {}) as { code?: string; errcode?: number; message?: string };
  if (code !== 'ERR_SQLITE_ERROR' || errcode === undefined) return null;
  // Extended codes keep the primary one in their low byte.
  const reason = REASONS[errcode & 0xff];
  return reason === undefined ? null : { reason, message };
}
