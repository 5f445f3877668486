import { isInstallationTag } from '#shared/core/system/installation-tag.ts';
import type { VenueKind } from '#shared/core/system/transitions.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';

export function memoryInstallationRepository(): InstallationRepository {
  let stored: string | null = null;
  let isCopy = false;
  const kinds = new Map<string, VenueKind>();
  return {
    tag: async () => stored,
    async ensureTag(candidate) {
      if (!isInstallationTag(candidate)) throw new Error('an installation tag is 8 lower-case hex digits');
      stored ??= candidate;
      return stored;
    },
    noteCopy: async () => {
      isCopy = true;
    },
    async replaceCopiedTag(tag) {
      if (!isInstallationTag(tag)) throw new Error('an installation tag is 8 lower-case hex digits');
      if (!isCopy) return false;
      isCopy = false;
      stored = tag;
      return true;
    },
    venueKind: async (exchange) => kinds.get(exchange) ?? null,
    recordVenueKind: async (exchange, kind) => {
      kinds.set(exchange, kind);
    },
  };
}
