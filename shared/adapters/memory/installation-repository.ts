import { isInstallationTag } from '#shared/core/system/installation-tag.ts';
import type { VenueKind } from '#shared/core/system/transitions.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';

export function memoryInstallationRepository(): InstallationRepository {
  let stored: string | null = null;
  const kinds = new Map<string, VenueKind>();
  return {
    tag: async () => stored,
    async ensureTag(candidate) {
      if (!isInstallationTag(candidate)) throw new Error('an installation tag is 8 lower-case hex digits');
      stored ??= candidate;
      return stored;
    },
    venueKind: async (exchange) => kinds.get(exchange) ?? null,
    recordVenueKind: async (exchange, kind) => {
      kinds.set(exchange, kind);
    },
  };
}
