import { rememberingDecoder } from '#shared/messages/observer-document.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';

/**
 * For virtual time, which does not wait for a disk: the file adapter's writes would end at another virtual moment in each run.
 * Documents are kept as text, so that readers never share objects with the writer.
 */
export function memoryObserverDocuments(): ObserverDocuments {
  const texts = new Map<string, string>();
  const decode = rememberingDecoder();
  return {
    async put(document) {
      texts.set(document.observer_id, JSON.stringify(document));
    },
    async get(observerId) {
      const text = texts.get(observerId);
      return text === undefined ? null : decode(text, observerId);
    },
  };
}
