import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';

const schema = z.object({
  v: z.literal(1),
  place: z.string(),
  tag: z.string().regex(/^[0-9a-f]{8}$/),
  stateVersions: z.record(z.string().max(64), z.int().min(0)),
  beatsMs: z.record(z.string().max(64), z.int().min(0)).optional(),
});

/**
 * A hash of the folder's real path and, where the system has one, the machine id: a copied folder is another place.
 * A cloned machine with the same id and path is not told apart.
 */
function placeOf(folder: string): string {
  let machineId = '';
  try {
    machineId = readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    // Not every system has one; the path alone then names the place.
  }
  return createHash('sha256')
    .update(`${machineId}\n${realpathSync(folder)}`)
    .digest('hex')
    .slice(0, 32);
}

/** The mark as a small JSON file in the database's folder, replaced whole. */
export function fileInstallationMarker(path: string): InstallationMarker {
  let writes = 0;
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return null;
      }
      const parsed = schema.safeParse(value);
      if (!parsed.success || parsed.data.place !== placeOf(dirname(path))) return null;
      const { tag, stateVersions, beatsMs } = parsed.data;
      return { tag, stateVersions, ...(beatsMs === undefined ? {} : { beatsMs }) };
    },

    async write(mark) {
      const temporary = join(dirname(path), `.installation-${process.pid}-${writes}.tmp`);
      writes += 1;
      const text = JSON.stringify({ v: 1, place: placeOf(dirname(path)), ...mark });
      await writeFile(temporary, `${text}\n`, { mode: 0o600 });
      await rename(temporary, path);
    },
  };
}
