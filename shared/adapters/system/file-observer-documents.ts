import { readFileSync, statSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { OBSERVER_DOCUMENT_BYTES_MAX, rememberingDecoder } from '#shared/messages/observer-document.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';

const SAFE_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/**
 * One file per observer in a folder. A new document replaces the old one by rename after it is on the disk: a reader, or a
 * process killed half-way, sees the one or the other and never a piece.
 */
export function fileObserverDocuments(folder: string): ObserverDocuments {
  const pathOf = (observerId: string): string => {
    if (!SAFE_ID.test(observerId)) throw new RangeError(`not a file name: observer ${JSON.stringify(observerId)}`);
    return join(folder, `3T-observer.${observerId}.json`);
  };
  const decode = rememberingDecoder();
  let writes = 0;
  return {
    async put(document) {
      const path = pathOf(document.observer_id);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      writes += 1;
      const temporary = `${path}.${process.pid}-${writes}.tmp`;
      const file = await open(temporary, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify(document), 'utf8');
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    },

    async get(observerId) {
      const path = pathOf(observerId);
      try {
        // A small local file, read before every decision: the thread pool's turns would cost more than the reading.
        const { size } = statSync(path);
        if (size > OBSERVER_DOCUMENT_BYTES_MAX) throw new RangeError(`document of ${observerId} is too large`);
        return decode(readFileSync(path, 'utf8'), observerId);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
  };
}
