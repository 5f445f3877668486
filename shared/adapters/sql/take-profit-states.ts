import type { Kysely, Transaction } from 'kysely';
import type { TakeProfitState } from '#shared/core/runs/take-profit.ts';
import type { Database } from './database.ts';
import { inserted } from './upsert.ts';

/** `take_profit_state`: one row per account, written by compare-and-set. The half of the runs repository about accounts. */
export class SqlTakeProfitStates {
  protected readonly db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.db = db;
  }

  async takeProfitState(exchange: string, account: string): Promise<TakeProfitState | null> {
    const row = await this.db
      .selectFrom('take_profit_state')
      .selectAll()
      .where('exchange', '=', exchange)
      .where('account', '=', account)
      .executeTakeFirst();
    if (!row) return null;
    return {
      exchange,
      account,
      baselineQuote: row.baseline_quote,
      netTransfersQuote: row.net_transfers_quote,
      samples: JSON.parse(row.samples_json) as string[],
      height: row.height,
      // A word that this version does not know is a stop all the same.
      latched: row.latched === null || row.latched === 'take-profit' ? row.latched : 'drawdown',
      latchedAtMs: row.latched_at_ms,
      lastVenueTimeMs: row.last_venue_time_ms,
      version: row.version,
    };
  }

  /** True when the stored version was `state.version`; stores the state under the next one. */
  protected async compareAndSet(trx: Transaction<Database>, state: TakeProfitState): Promise<boolean> {
    const { exchange, account } = state;
    if (state.version === 0) {
      await trx
        .insertInto('take_profit_state')
        .values({
          exchange,
          account,
          baseline_quote: null,
          net_transfers_quote: null,
          samples_json: '[]',
          height: 0,
          latched: null,
          latched_at_ms: null,
          last_venue_time_ms: 0,
          version: 0,
        })
        .onDuplicateKeyUpdate({ account: inserted('account') })
        .execute();
    }
    const result = await trx
      .updateTable('take_profit_state')
      .set({
        baseline_quote: state.baselineQuote,
        net_transfers_quote: state.netTransfersQuote,
        samples_json: JSON.stringify(state.samples),
        height: state.height,
        latched: state.latched,
        latched_at_ms: state.latchedAtMs,
        last_venue_time_ms: state.lastVenueTimeMs,
        version: state.version + 1,
      })
      .where('exchange', '=', exchange)
      .where('account', '=', account)
      .where('version', '=', state.version)
      .executeTakeFirst();
    return Number(result.numUpdatedRows) === 1;
  }
}
