import type { ObserverDocument } from '#shared/messages/observer-document.ts';

/** Where observers leave their view of the account and others read it: a file or memory locally, S3 on AWS. */
export interface ObserverDocuments {
  put(document: ObserverDocument): Promise<void>;
  /** The newest document of one observer, or null when it never wrote. Throws when unreadable; a malformed one is an error too. */
  get(observerId: string): Promise<ObserverDocument | null>;
}
