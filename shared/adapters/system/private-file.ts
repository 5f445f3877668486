import { chmodSync, closeSync, openSync, statSync } from 'node:fs';

const PRIVATE = 0o600;

/** Takes a file from everybody but its owner. One that is not there is left so. */
export function makePrivate(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() && (found.mode & 0o077) !== 0) chmodSync(path, PRIVATE);
}

/** The same, and makes an empty file where there is none: for what another library would make with the process's own mask. */
export function createPrivate(path: string): void {
  closeSync(openSync(path, 'a', PRIVATE));
  makePrivate(path);
}

/**
 * Before a SQLite file is opened: what SQLite writes beside it takes the mode of the file itself, and what an earlier release left there
 * is mended. Whoever may enter the folder, positions and orders are for its owner alone.
 */
export function privateDatabaseFile(path: string): void {
  if (path === '' || path === ':memory:' || path.startsWith('file:')) return;
  createPrivate(path);
  for (const suffix of ['-wal', '-shm', '-journal']) makePrivate(`${path}${suffix}`);
}
