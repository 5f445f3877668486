import { OBSERVER_DOCUMENT_BYTES_MAX, rememberingDecoder } from '#shared/messages/observer-document.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import { readS3Text, type S3Place, writeS3Text } from './s3-text.ts';

const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Where an observer's document lies in the bucket; who may write which is granted by this name. */
export function observerDocumentKey(observerId: string): string {
  if (!SAFE_ID.test(observerId)) throw new RangeError(`not an object name: observer ${JSON.stringify(observerId)}`);
  return `observers/3T-observer.${observerId}.json`;
}

/** One object per observer. S3 replaces an object whole: a reader sees the old document or the new one. */
export function createS3ObserverDocuments(place: S3Place): ObserverDocuments {
  const decode = rememberingDecoder();
  return {
    put: async (document) => writeS3Text(place, observerDocumentKey(document.observer_id), JSON.stringify(document)),
    async get(observerId) {
      const text = await readS3Text(place, observerDocumentKey(observerId), OBSERVER_DOCUMENT_BYTES_MAX);
      return text === null ? null : decode(text, observerId);
    },
  };
}
