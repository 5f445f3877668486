import { sql } from 'kysely';
import type { Instrument } from '#shared/core/market/instrument.ts';
import { decimalsOf } from '#shared/core/market/tick-rules.ts';
import type { Takeover } from '#shared/core/portfolio/takeover.ts';
import type { InstrumentsRepository, Product } from '#shared/ports/repositories/instruments-repository.ts';
import type { Db } from '../open-database.ts';
import { updateFromJson } from '../update-from-json.ts';
import { inserted, jsonRows } from '../upsert.ts';

interface InstrumentColumns {
  exchange: string;
  symbol: string;
  coin: string;
  dex: string | null;
  asset_id: number;
  max_leverage: number;
  min_notional_quote: string;
  status: string;
  rules_json: string | null;
}

type Rules = Pick<Instrument, 'priceRule' | 'sizeStep' | 'minSize' | 'sizeUnit' | 'contractSize' | 'marginMode'>;

/** Of a row that has them: every query asks for no other. */
export const decodeRules = (row: { readonly rules_json: string | null }): Rules =>
  JSON.parse(row.rules_json ?? 'null') as Rules;

export const decodeInstrument = (row: InstrumentColumns): Instrument => ({
  exchange: row.exchange,
  symbol: row.symbol,
  venueSymbol: row.coin,
  subAccount: row.dex,
  assetId: row.asset_id,
  ...decodeRules(row),
  maxLeverage: row.max_leverage,
  minNotionalQuote: row.min_notional_quote,
  status: row.status as Instrument['status'],
});

const COLUMNS = {
  symbol: 'text',
  coin: 'text',
  dex: 'text',
  asset_id: 'int',
  size_decimals: 'int',
  max_leverage: 'int',
  min_notional_quote: 'text',
  status: 'text',
  rules_json: 'text',
} as const;
type ColumnName = keyof typeof COLUMNS;
const NAMES = Object.keys(COLUMNS) as ColumnName[];

const encode = (i: Instrument) => ({
  symbol: i.symbol,
  coin: i.venueSymbol,
  dex: i.subAccount,
  asset_id: i.assetId,
  // Read by the release before.
  size_decimals: decimalsOf(i.sizeStep),
  max_leverage: i.maxLeverage,
  min_notional_quote: i.minNotionalQuote,
  status: i.status,
  rules_json: JSON.stringify({
    priceRule: i.priceRule,
    sizeStep: i.sizeStep,
    minSize: i.minSize,
    sizeUnit: i.sizeUnit,
    contractSize: i.contractSize,
    marginMode: i.marginMode,
  } satisfies Rules),
});

/** Instruments and products; statements do not grow with the number of symbols. */
export function sqlInstrumentsRepository(db: Db): InstrumentsRepository {
  const all = async (exchange: string): Promise<readonly Instrument[]> => {
    const rows = await db
      .selectFrom('instruments')
      .selectAll()
      .where('exchange', '=', exchange)
      .where('rules_json', 'is not', null)
      .orderBy('symbol')
      .execute();
    return rows.map(decodeInstrument);
  };

  return {
    all,

    async replaceAll(exchange, instruments, seenAtMs) {
      return db.transaction().execute(async (tx) => {
        const stored = new Map(
          (await tx.selectFrom('instruments').selectAll().where('exchange', '=', exchange).execute()).map((row) => [
            row.symbol,
            row,
          ]),
        );
        const rows = instruments.map(encode);
        await tx
          .insertInto('instruments')
          .columns(['exchange', ...NAMES, 'last_seen_ms'])
          .expression(
            sql<never>`select ${exchange}, ${sql.join(NAMES.map((n) => sql.ref(`j.${n}`)))}, ${seenAtMs} from ${jsonRows(tx, rows, COLUMNS)} as j where true` as never,
          )
          .onDuplicateKeyUpdate({
            ...(Object.fromEntries(NAMES.filter((n) => n !== 'symbol').map((n) => [n, inserted(n)])) as object),
            last_seen_ms: inserted('last_seen_ms'),
          })
          .execute();
        const seen = new Set(instruments.map((i) => i.symbol));
        const gone = [...stored.values()].filter((i) => i.status !== 'delisted' && !seen.has(i.symbol));
        await tx
          .updateTable('instruments')
          .set({ status: 'delisted' })
          .where('exchange', '=', exchange)
          .where(
            'symbol',
            'in',
            sql<string>`(select j.symbol from ${jsonRows(
              tx,
              gone.map((i) => ({ symbol: i.symbol })),
              { symbol: 'text' },
            )} as j)`,
          )
          .execute();
        const added = instruments.filter((i) => !stored.has(i.symbol)).length;
        const changed = instruments.filter((i) => {
          const before = stored.get(i.symbol);
          if (before === undefined) return false;
          return (
            before.rules_json === null || JSON.stringify(encode(decodeInstrument(before))) !== JSON.stringify(encode(i))
          );
        }).length;
        return { added, changed, delisted: gone.length, total: instruments.length };
      });
    },

    async products(exchange) {
      const rows = await db
        .selectFrom('products')
        .innerJoin('instruments', (join) =>
          join
            .onRef('instruments.exchange', '=', 'products.exchange')
            .onRef('instruments.symbol', '=', 'products.symbol'),
        )
        .selectAll('instruments')
        .select(['products.managed', 'products.leverage', 'products.managed_since_ms', 'products.takeover'])
        .where('products.exchange', '=', exchange)
        .where('products.released_at_ms', 'is', null)
        .where('instruments.rules_json', 'is not', null)
        .orderBy('products.symbol')
        .execute();
      return rows.map(
        (row): Product => ({
          instrument: decodeInstrument(row),
          managed: row.managed === 1,
          leverage: row.leverage,
          managedSinceMs: row.managed_since_ms,
          takeover: row.takeover as Takeover | null,
        }),
      );
    },

    async manage(exchange, symbol, leverage, atMs, takeover) {
      const listed = await db
        .selectFrom('instruments')
        .select('symbol')
        .where('exchange', '=', exchange)
        .where('symbol', '=', symbol)
        .where('status', '<>', 'delisted')
        .executeTakeFirst();
      if (!listed) return 'unknown-instrument';
      await db
        .insertInto('products')
        .values({
          exchange,
          symbol,
          managed: 1,
          leverage,
          released_at_ms: null,
          created_at_ms: atMs,
          managed_since_ms: atMs,
          takeover: takeover ?? null,
        })
        .onDuplicateKeyUpdate({
          // Before the columns that it compares: see insertedIfNewer.
          managed_since_ms: sql<number | null>`case when products.managed = 1 and products.released_at_ms is null
            then products.managed_since_ms else ${inserted('managed_since_ms')} end`,
          takeover: takeover === undefined ? sql<string | null>`products.takeover` : inserted('takeover'),
          leverage: inserted('leverage'),
          managed: 1,
          released_at_ms: null,
        })
        .execute();
      return 'managed';
    },

    async manageNew(exchange, symbols, atMs) {
      return db.transaction().execute(async (tx) => {
        const listed = await tx
          .selectFrom('instruments')
          .select('symbol')
          .where('exchange', '=', exchange)
          .where('status', '<>', 'delisted')
          .execute();
        const known = await tx.selectFrom('products').select('symbol').where('exchange', '=', exchange).execute();
        const isListed = new Set(listed.map((r) => r.symbol));
        const isKnown = new Set(known.map((r) => r.symbol));
        const added = [...new Set(symbols)].filter((s) => isListed.has(s) && !isKnown.has(s));
        const rows = added.map((symbol) => ({ symbol }));
        await tx
          .insertInto('products')
          .columns([
            'exchange',
            'symbol',
            'managed',
            'leverage',
            'released_at_ms',
            'created_at_ms',
            'managed_since_ms',
            'takeover',
          ])
          .expression(
            sql<never>`select ${exchange}, j.symbol, 1, null, null, ${atMs}, ${atMs}, 'unchecked' from ${jsonRows(tx, rows, { symbol: 'text' })} as j where true` as never,
          )
          .execute();
        return { added, unknownInstruments: symbols.filter((s) => !isListed.has(s)) };
      });
    },

    async endTakeover(exchange, symbols) {
      await updateFromJson(db, {
        table: 'products',
        columns: { exchange: 'longtext', symbol: 'longtext', managed_since_ms: 'bigint' },
        rows: symbols.map(({ symbol, managedSinceMs }) => [exchange, symbol, managedSinceMs]),
        set: { takeover: 'null' },
        where:
          'products.exchange = j.exchange and products.symbol = j.symbol and products.managed_since_ms = j.managed_since_ms',
      });
    },

    async unmanage(exchange, symbol) {
      const updated = await db
        .updateTable('products')
        .set({ managed: 0, takeover: null })
        .where('exchange', '=', exchange)
        .where('symbol', '=', symbol)
        .where('managed', '=', 1)
        .where('released_at_ms', 'is', null)
        .executeTakeFirst();
      return updated.numUpdatedRows === 1n ? 'unmanaged' : 'not-managed';
    },

    async retire(exchange, symbols, atMs) {
      const rows = symbols.map((symbol) => ({ symbol }));
      await db
        .updateTable('products')
        .set({ released_at_ms: atMs })
        .where('exchange', '=', exchange)
        .where('symbol', 'in', sql<string>`(select j.symbol from ${jsonRows(db, rows, { symbol: 'text' })} as j)`)
        .where('managed', '=', 0)
        .where('released_at_ms', 'is', null)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('positions')
                .select('positions.symbol')
                .whereRef('positions.exchange', '=', 'products.exchange')
                .whereRef('positions.symbol', '=', 'products.symbol'),
            ),
          ),
        )
        .execute();
    },

    async releaseToOperator(exchange, symbol, atMs) {
      const updated = await db
        .updateTable('products')
        .set({ managed: 0, released_at_ms: atMs, takeover: null })
        .where('exchange', '=', exchange)
        .where('symbol', '=', symbol)
        .where('released_at_ms', 'is', null)
        .executeTakeFirst();
      return updated.numUpdatedRows === 1n ? 'released' : 'not-a-product';
    },
  };
}
