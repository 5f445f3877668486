import type { InstallationMark } from '#shared/core/system/restore-sign.ts';

/** Kept beside the database, not in it: tells the database of this place from a copy or a backup (architecture, rule 3.10). */
export interface InstallationMarker {
  /** Null when there is none, or when it was written for another place or machine. Throws when unreadable. */
  read(): Promise<InstallationMark | null>;
  write(mark: InstallationMark): Promise<void>;
}
