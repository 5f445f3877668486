import { type Kysely, sql } from 'kysely';
import { addColumns } from '../table-builder.ts';

/**
 * The venue's rules of an instrument as its adapter read them. What is stored already came from the only venue of the releases before,
 * whose rules followed from the decimals of a lot: they are written down here, so that nothing waits for the next reading of the list.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await addColumns(db, 'instruments', { rules_json: 'text?' });
  for (let decimals = 0; decimals <= 12; decimals += 1) {
    const step = decimals === 0 ? '1' : `0.${'0'.repeat(decimals - 1)}1`;
    for (const marginMode of ['cross', 'isolated']) {
      const rules = {
        priceRule: { kind: 'significant', figures: 5, decimals: Math.max(0, 6 - decimals) },
        sizeStep: step,
        minSize: step,
        sizeUnit: 'base',
        contractSize: '1',
        marginMode,
      };
      const home = marginMode === 'cross' ? sql`dex is null` : sql`dex is not null`;
      await sql`update instruments set rules_json = ${JSON.stringify(rules)}
        where rules_json is null and size_decimals = ${decimals} and ${home}`.execute(db);
    }
  }
}
