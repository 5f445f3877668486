import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeInstallationMark, encodeInstallationMark } from '#shared/messages/installation-mark.ts';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';

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
      return decodeInstallationMark(text, placeOf(dirname(path)));
    },

    async write(mark) {
      const temporary = join(dirname(path), `.installation-${process.pid}-${writes}.tmp`);
      writes += 1;
      await writeFile(temporary, encodeInstallationMark(mark, placeOf(dirname(path))), { mode: 0o600 });
      await rename(temporary, path);
    },
  };
}
