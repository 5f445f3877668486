import type { InstallationMark } from '#shared/core/system/restore-sign.ts';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';

/** Remembers the mark for the life of the process. */
export function memoryInstallationMarker(initial: InstallationMark | null = null): InstallationMarker {
  let stored = initial;
  return {
    read: async () => stored,
    write: async (mark) => {
      stored = mark;
    },
  };
}
