import { sql } from 'kysely';
import { isInstallationTag } from '#shared/core/system/installation-tag.ts';
import type { VenueKind } from '#shared/core/system/transitions.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { Db } from '../open-database.ts';
import { inserted } from '../upsert.ts';

const COPY_NOTE = 'copy';
const checkTag = (text: string): void => {
  if (!isInstallationTag(text)) throw new Error('an installation tag is 8 lower-case hex digits');
};
const judgedName = (exchange: string): string => `copy-judged:${exchange}`;
const kindName = (exchange: string): string => `venue-kind:${exchange}`;

export function sqlInstallationRepository(db: Db): InstallationRepository {
  const tag = async () => {
    const row = await db.selectFrom('installation').select('value').where('name', '=', 'tag').executeTakeFirst();
    return row?.value ?? null;
  };
  return {
    tag,
    async ensureTag(candidate) {
      checkTag(candidate);
      await db
        .insertInto('installation')
        .values({ name: 'tag', value: candidate })
        // The first writer wins: the stored value is written over itself.
        .onDuplicateKeyUpdate({ value: sql<string>`installation.value` })
        .execute();
      return (await tag())!;
    },
    async noteCopy(exchange) {
      await db
        .insertInto('installation')
        .values([COPY_NOTE, judgedName(exchange)].map((name) => ({ name, value: 'noted' })))
        .onDuplicateKeyUpdate({ value: inserted('value') })
        .execute();
    },
    async identity(exchange) {
      const rows = await db
        .selectFrom('installation')
        .selectAll()
        .where('name', 'in', ['tag', COPY_NOTE, judgedName(exchange)])
        .execute();
      const values = new Map(rows.map(({ name, value }) => [name, value]));
      const unjudgedCopy = values.has(COPY_NOTE) && !values.has(judgedName(exchange));
      return { tag: values.get('tag') ?? null, unjudgedCopy };
    },
    async replaceCopiedTag(candidate) {
      checkTag(candidate);
      return db.transaction().execute(async (tx) => {
        const noted = await tx.deleteFrom('installation').where('name', '=', COPY_NOTE).executeTakeFirst();
        if (noted.numDeletedRows === 0n) return false;
        await tx
          .deleteFrom('installation')
          .where('name', 'like', `${judgedName('')}%`)
          .execute();
        await tx.updateTable('installation').set({ value: candidate }).where('name', '=', 'tag').execute();
        return true;
      });
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
