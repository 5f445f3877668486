import type { VenueKind } from '#shared/core/system/transitions.ts';

/** The installation tag: 8 lower-case hex digits that begin every client order id of this installation. */
export interface InstallationRepository {
  /** Read anew each time: it changes when a copy is unlocked, by another process at that. */
  tag(): Promise<string | null>;
  /** Stores `candidate` unless there is a tag, and returns the stored one. Throws for a candidate that is not 8 hex digits. */
  ensureTag(candidate: string): Promise<string>;
  /**
   * Writes down that this database was taken for a copy or a backup, and that this exchange has been judged for it: the database must not
   * go on under its tag, and what it says of the others is as old.
   */
  noteCopy(exchange: string): Promise<void>;
  /** The tag, and whether another exchange has found the database a copy or a backup for which this one was not judged yet. */
  identity(exchange: string): Promise<{ readonly tag: string | null; readonly unjudgedCopy: boolean }>;
  /** Replaces the tag and forgets the notes, in one step; false, and nothing is changed, without a note. */
  replaceCopiedTag(tag: string): Promise<boolean>;
  /** The kind of venue whose positions and orders this database holds; null before the first start. */
  venueKind(exchange: string): Promise<VenueKind | null>;
  recordVenueKind(exchange: string, kind: VenueKind): Promise<void>;
}
