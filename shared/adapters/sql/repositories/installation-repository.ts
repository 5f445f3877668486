import { sql } from 'kysely';
import { isInstallationTag } from '#shared/core/system/installation-tag.ts';
import type { VenueKind } from '#shared/core/system/transitions.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { Db } from '../open-database.ts';
import { inserted } from '../upsert.ts';

const kindName = (exchange: string): string => `venue-kind:${exchange}`;

export function sqlInstallationRepository(db: Db): InstallationRepository {
  let known: string | null = null;
  const tag = async () => {
    // Once written it never changes: a database of another installation is another process.
    if (known !== null) return known;
    const row = await db.selectFrom('installation').select('value').where('name', '=', 'tag').executeTakeFirst();
    known = row?.value ?? null;
    return known;
  };
  return {
    tag,
    async ensureTag(candidate) {
      if (!isInstallationTag(candidate)) throw new Error('an installation tag is 8 lower-case hex digits');
      await db
        .insertInto('installation')
        .values({ name: 'tag', value: candidate })
        // The first writer wins: the stored value is written over itself.
        .onDuplicateKeyUpdate({ value: sql<string>`installation.value` })
        .execute();
      return (await tag())!;
    },
    async venueKind(exchange) {
      const row = await db
        .selectFrom('installation')
        .select('value')
        .where('name', '=', kindName(exchange))
        .executeTakeFirst();
      // A word that this version does not know is another kind all the same.
      return (row?.value as VenueKind | undefined) ?? null;
    },
    async recordVenueKind(exchange, kind) {
      await db
        .insertInto('installation')
        .values({ name: kindName(exchange), value: kind })
        .onDuplicateKeyUpdate({ value: inserted('value') })
        .execute();
    },
  };
}
