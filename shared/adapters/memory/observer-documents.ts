import { rememberingDecoder } from '#shared/messages/observer-document.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';

/** In-memory double; documents are kept as text, so that readers never share objects with the writer. */
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
