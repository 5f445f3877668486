export interface InstallationMark {
  readonly tag: string;
  /** Newest version of `system_state` per exchange that was seen. A database with a smaller one is an old backup. */
  readonly stateVersions: Readonly<Record<string, number>>;
}

/** Kept beside the database, not in it: tells the database of this place from a copy or a backup (architecture, rule 3.10). */
export interface InstallationMarker {
  /** Null when there is none, or when it was written for another place or machine. Throws when unreadable. */
  read(): Promise<InstallationMark | null>;
  write(mark: InstallationMark): Promise<void>;
}
