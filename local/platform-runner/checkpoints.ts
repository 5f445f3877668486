import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';

/** How far each consumer has come, by `<stream>/<shard>/<function>`: what Lambda remembers of an event source mapping. */
export interface Checkpoints {
  /** Sequence number of the last record that is done, or null. */
  read(key: string): string | null;
  write(key: string, sequenceNumber: string): void;
}

const fileSchema = z.record(z.string(), z.string());

/** In a file that is replaced at each write, so that a restart goes on where the last process stopped. A broken file starts afresh. */
export function fileCheckpoints(path: string): Checkpoints {
  const known = new Map(Object.entries(readAll(path)));
  mkdirSync(dirname(path), { recursive: true });
  return {
    read: (key) => known.get(key) ?? null,
    write: (key, sequenceNumber) => {
      known.set(key, sequenceNumber);
      writeFileSync(`${path}.new`, `${JSON.stringify(Object.fromEntries(known))}\n`);
      renameSync(`${path}.new`, path);
    },
  };
}

function readAll(path: string): Readonly<Record<string, string>> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Absent or torn: everything that the stream still has comes again, and consumers know what they have.
    return {};
  }
}
