import { type CompiledQuery, Kysely, sql } from 'kysely';
import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import { seededIds } from '#local/virtual-time/seeded.ts';
import { sqlAlerts } from '#shared/adapters/sql/alerts.ts';
import type { Database } from '#shared/adapters/sql/database.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { sqliteDialect } from '#shared/adapters/sql/sqlite-dialect.ts';
import { jsonRows } from '#shared/adapters/sql/upsert.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import type { CycleSettings } from '#shared/core/reconciliation/cycle-inputs.ts';
import { orderLimitsSchema } from '#shared/core/risk/limits.ts';
import type { ObserverDocument } from '#shared/messages/observer-document.ts';
import type { ReconcileDeps, ReconcileInput } from '#shared/usecases/reconcile.ts';
import { lots } from '#test/support/instruments.ts';
import { aSystemState, CYCLE_NOW_MS as NOW, someSettings } from './cycle.ts';
import { sqlCycleStores } from './cycle-stores.ts';
import { anInstrument, manageAsOurs } from './instruments.ts';
import { manualClock } from './manual-clock.ts';
import { anAccountState } from './system.ts';

const EXCHANGE = 'hyperliquid';
const ACCOUNT = 'main';
const ADDRESS = '0x00000000000000000000000000000000000000aa';
const VENUE_MS = NOW - 5_000;

/** A database that says how many statements it ran. */
export async function countingSqlite(): Promise<{ db: Db; statements: () => number; texts: () => readonly string[] }> {
  const texts: string[] = [];
  const db = new Kysely<Database>({
    dialect: sqliteDialect({ path: ':memory:' }),
    log: (event) => {
      texts.push((event.query as CompiledQuery).sql);
    },
  });
  await migrate(db as Kysely<unknown>);
  return { db, statements: () => texts.length, texts: () => texts };
}

/** Limits and margin that a thousand symbols fit into. */
export const bigSettings = (change: Partial<CycleSettings> = {}): CycleSettings =>
  someSettings({
    limits: orderLimitsSchema.parse({
      max_orders_per_minute: 100_000,
      max_order_notional: 1e6,
      max_position_notional: 1e6,
    }),
    ...change,
  });

/**
 * Symbols at 100 USD with runs in a database. `mixed`: a third is flat and wants nothing, a third holds what it wants, a third
 * wants an order; `orders`: every symbol wants one.
 */
export async function bigPlatform(db: Db, symbolCount: number, runsPerSymbol: number, kind: 'mixed' | 'orders') {
  const stores = sqlCycleStores(db);
  const instruments = Array.from({ length: symbolCount }, (_, assetId) =>
    anInstrument(`C${String(assetId).padStart(4, '0')}`, { assetId, ...lots(3) }),
  );
  const symbols = instruments.map((i) => i.symbol);
  await stores.instruments.replaceAll(EXCHANGE, instruments, NOW);
  await manageAsOurs(stores.instruments, EXCHANGE, symbols, NOW - 3_600_000);
  await stores.jobs.recordOk('run-supervisor', NOW - 1_000);
  await sqlSystemStateRepository(db).compareAndSet(aSystemState({ version: 1 }), 0);
  await stores.prices.saveTicks(
    symbols.map((symbol) => ({
      exchange: EXCHANGE,
      symbol,
      tradeId: `t-${symbol}`,
      price: '100',
      size: '1',
      side: 'buy',
      venueTimeMs: NOW - 500,
    })),
    NOW,
  );
  await stores.prices.saveMarkPrices(
    EXCHANGE,
    symbols.map((symbol) => ({ symbol, markPrice: '100', observedAtMs: NOW - 1_000 })),
  );
  const named = jsonRows(
    db,
    symbols.map((symbol) => ({ symbol })),
    { symbol: 'text' },
  );
  await sql`insert into run_cohorts (exchange, symbol, version, last_trade_time_ms, last_trade_ids_json, bars_json,
      data_state, data_state_since_ms, updated_at_ms)
    select ${EXCHANGE}, j.symbol, 1, ${NOW}, '[]', '{}', 'live', 0, ${NOW} from ${named} as j where true`.execute(db);
  await seedRuns(db, symbols, runsPerSymbol, kind);
  const positions = instruments.filter((_, n) => n % 3 === 1);
  await seedAccount(stores, positions);
  return { ...caseOf(db, stores, positions), symbols };
}

/** Five units of 20.25 USD are worth the one unit that is held; a symbol that wants an order has all its runs behind it. */
async function seedRuns(
  db: Db,
  symbols: readonly string[],
  perSymbol: number,
  kind: 'mixed' | 'orders',
): Promise<void> {
  const wanting = (symbol: number) => (kind === 'orders' || symbol % 3 === 2 ? perSymbol : [0, 5][symbol % 3]!);
  const runs = symbols.flatMap((symbol, at) =>
    Array.from({ length: perSymbol }, (_, n) => ({
      k: `${symbol}-${n}`,
      y: symbol,
      d: n < wanting(at) ? 1 : 0,
      p: 1_000_000,
    })),
  );
  for (let at = 0; at < runs.length; at += 20_000) {
    const source = jsonRows(db, runs.slice(at, at + 20_000), { k: 'text', y: 'text', d: 'int', p: 'bigint' });
    await sql`insert into runs (creation_key, exchange, symbol, strategy, params_json, state, position_direction,
        live_pnl_micros, start_balance_micros, exit_run, started_at_ms, updated_at_ms)
      select j.k, ${EXCHANGE}, j.y, 'ema-crossover', '{}', 's', j.d, j.p, 7000000000, 0, ${NOW}, ${NOW - 1_000}
      from ${source} as j where true`.execute(db);
  }
}

async function seedAccount(stores: ReturnType<typeof sqlCycleStores>, held: readonly Instrument[]): Promise<void> {
  const positions = held.map(({ symbol, venueSymbol: coin }) => ({
    symbol,
    coin,
    size: '1',
    entryPrice: '100',
    valueQuote: '100',
    unrealizedPnlQuote: '0',
    marginUsedQuote: '10',
    liquidationPrice: null,
  }));
  const account = { account: ACCOUNT, positions, equityQuote: '100000000' };
  await stores.accounts.saveSnapshot(anAccountState(VENUE_MS, account), '0', NOW);
}

function caseOf(db: Db, stores: ReturnType<typeof sqlCycleStores>, held: readonly Instrument[]) {
  const documents = memoryObserverDocuments();
  const document = (observer_id: string): ObserverDocument => ({
    v: 1,
    observer_id,
    timestamp: new Date(NOW).toISOString(),
    exchange: EXCHANGE,
    positions: {
      [ADDRESS]: {
        venue_time_ms: VENUE_MS + 1_000,
        complete: true,
        sub_accounts: [{ name: 'native', complete: true, venue_time_ms: VENUE_MS + 1_000, error: null }],
        marginSummary: { accountValue: '100000000', totalMarginUsed: '0' },
        assetPositions: held.map(({ venueSymbol: coin }) => ({ type: 'oneWay', position: { coin, szi: '1' } })),
      },
    },
  });
  const deps: ReconcileDeps = {
    reconciliation: stores.reconciliation,
    accounts: stores.accounts,
    instruments: stores.instruments,
    orders: stores.orders,
    alerts: sqlAlerts(db, manualClock(NOW)),
    runs: stores.runs,
    systemState: sqlSystemStateRepository(db),
    leases: sqlLeasesRepository(db),
    observers: ['observer-1', 'observer-2'].map((id) => ({ id, documents })),
    ids: seededIds(1),
    clock: { nowMs: () => NOW },
  };
  const input: ReconcileInput = {
    exchange: EXCHANGE,
    account: ACCOUNT,
    address: ADDRESS,
    symbols: null,
    settings: bigSettings(),
    useOwnTable: true,
    livePnlAboveMicros: 200_000,
    runStaleMs: 600_000,
    supervisorJob: 'run-supervisor',
    installationTag: '0a1b2c3d',
    leaseHolder: null,
    trace: { correlationId: 'corr', bornAtMs: NOW },
  };
  const publish = async () => {
    for (const { id } of deps.observers) await documents.put(document(id));
  };
  return { stores, deps, input, publish };
}
