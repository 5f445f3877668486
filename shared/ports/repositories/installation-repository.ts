import type { VenueKind } from '#shared/core/system/transitions.ts';

/** The installation tag: 8 lower-case hex digits that begin every client order id of this installation. */
export interface InstallationRepository {
  tag(): Promise<string | null>;
  /** Stores `candidate` unless there is a tag, and returns the stored one. Throws for a candidate that is not 8 hex digits. */
  ensureTag(candidate: string): Promise<string>;
  /** The kind of venue whose positions and orders this database holds; null before the first start. */
  venueKind(exchange: string): Promise<VenueKind | null>;
  recordVenueKind(exchange: string, kind: VenueKind): Promise<void>;
}
