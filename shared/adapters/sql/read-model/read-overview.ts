import { type Selectable, sql } from 'kysely';
import { decimalText } from '#shared/core/decimal.ts';
import type {
  DecisionView,
  OverviewView,
  PositionView,
  PriceView,
  SymbolView,
} from '#shared/ports/repositories/read-model.ts';
import type { Database } from '../database.ts';
import type { Db } from '../open-database.ts';
import { decodeMoney, type MoneySnapshotRow, readMoneyRow } from '../repositories/account-money-rows.ts';
import { unreadOf } from '../repositories/account-repository.ts';
import { decodeRules } from '../repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '../repositories/job-state-repository.ts';
import { sqlSystemStateRepository } from '../repositories/system-state-repository.ts';
import { readLiveRuns } from './read-live-runs.ts';
import { decodeDecision, plainOrNull } from './read-trading.ts';

/** Newest decision per product: the index on (exchange, account, symbol, created_at_ms) serves each with one seek. */
const newestDecision = (account: string) => sql<string>`(select d.id from decisions as d
  where d.exchange = products.exchange and d.account = ${account} and d.symbol = products.symbol
  order by d.created_at_ms desc, d.id desc limit 1)`;

export async function readOverview(db: Db, exchange: string, account: string): Promise<OverviewView> {
  const state = await sqlSystemStateRepository(db).read(exchange);
  const jobs = await sqlJobStateRepository(db, exchange).all();
  const snapshot = await db
    .selectFrom('account_snapshots')
    .selectAll()
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .executeTakeFirst();
  const moneyRow = await readMoneyRow(db, exchange, account);
  const products = await db
    .selectFrom('products')
    .innerJoin('instruments', (join) =>
      join.onRef('instruments.exchange', '=', 'products.exchange').onRef('instruments.symbol', '=', 'products.symbol'),
    )
    .selectAll('instruments')
    .select(['products.managed', 'products.released_at_ms', 'products.leverage'])
    .where('products.exchange', '=', exchange)
    .where('instruments.rules_json', 'is not', null)
    .orderBy('products.symbol')
    .execute();
  const positions = await ofAccount(db, 'positions', exchange, account);
  const epochs = await ofAccount(db, 'position_epochs', exchange, account);
  const prices = await db
    .selectFrom('latest_prices')
    .selectAll()
    .where('exchange', '=', exchange)
    .orderBy('symbol')
    .execute();
  const cohorts = await db
    .selectFrom('run_cohorts')
    .selectAll()
    .where('exchange', '=', exchange)
    .orderBy('symbol')
    .execute();
  const decisions = await latestDecisions(db, exchange, account);
  const refusal = await db
    .selectFrom('decisions')
    .selectAll()
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .where('kind', '=', 'refusal')
    .orderBy('last_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  const takeProfit = await db
    .selectFrom('take_profit_state')
    .selectAll()
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .executeTakeFirst();
  const runs = await readLiveRuns(db, exchange);
  const orders = await db
    .selectFrom('order_execution_log')
    .select(['status', sql<number>`count(*)`.as('n')])
    .where('exchange', '=', exchange)
    .groupBy('status')
    .orderBy('status')
    .execute();
  const counts = await db
    .selectNoFrom((eb) => [
      eb
        .selectFrom('order_outbox')
        .select(sql<number>`count(*)`.as('n'))
        .where('exchange', '=', exchange)
        .where('acked_at_ms', 'is', null)
        .as('outbox'),
      eb.selectFrom('dead_letters').select(sql<number>`count(*)`.as('n')).as('dead'),
      eb.selectFrom('alerts').select(sql<number>`count(*)`.as('n')).where('exchange', '=', exchange).as('alerts'),
    ])
    .executeTakeFirstOrThrow();

  const positionOf = new Map(positions.map((row) => [row.symbol, decodePosition(row)]));
  const priceOf = new Map(prices.map((row) => [row.symbol, decodePrice(row)]));
  const epochOf = new Map(epochs.map((row) => [row.symbol, row]));
  const cohortOf = new Map(cohorts.map((row) => [row.symbol, row]));
  const isProduct = new Set(products.map((row) => row.symbol));
  return {
    state,
    jobs,
    account: snapshot
      ? {
          venueTimeMs: snapshot.venue_time_ms,
          storedAtMs: snapshot.stored_at_ms,
          complete: snapshot.complete === 1,
          unreadSymbols: unreadOf(snapshot.sub_accounts_json).map(({ symbol }) => symbol),
          ...moneyView(snapshot, moneyRow),
        }
      : null,
    symbols: products.map((row): SymbolView => {
      const epoch = epochOf.get(row.symbol);
      const cohort = cohortOf.get(row.symbol);
      const rules = decodeRules(row);
      return {
        symbol: row.symbol,
        venueSymbol: row.coin,
        sizeStep: rules.sizeStep,
        marginMode: rules.marginMode,
        minNotionalQuote: decimalText(row.min_notional_quote),
        maxLeverage: row.max_leverage,
        status: row.status,
        managed: row.managed === 1,
        released: row.released_at_ms !== null,
        leverage: row.leverage,
        position: positionOf.get(row.symbol) ?? null,
        price: priceOf.get(row.symbol) ?? null,
        epoch: epoch?.epoch ?? 0,
        holdReason: epoch?.hold_reason ?? null,
        heldAtMs: epoch?.held_at_ms ?? null,
        dataState: cohort?.data_state ?? null,
        dataStateSinceMs: cohort?.data_state_since_ms ?? null,
        decision: decisions.get(row.symbol) ?? null,
      };
    }),
    lastRefusal: refusal ? decodeDecision(refusal, null) : null,
    foreignPositions: [...positionOf.values()].filter((position) => !isProduct.has(position.symbol)),
    takeProfit: takeProfit
      ? {
          baselineQuote: plainOrNull(takeProfit.baseline_quote),
          height: takeProfit.height,
          latched: takeProfit.latched,
          latchedAtMs: takeProfit.latched_at_ms,
        }
      : null,
    runs,
    ordersByStatus: Object.fromEntries(orders.map((row) => [row.status, Number(row.n)])),
    pendingOutbox: Number(counts.outbox),
    deadLetters: Number(counts.dead),
    alerts: Number(counts.alerts),
  };
}

function moneyView(...rows: [MoneySnapshotRow, Awaited<ReturnType<typeof readMoneyRow>>]) {
  const { believed, moneyDoubt } = decodeMoney(...rows, []);
  if (believed === null) return { believed, moneyDoubt };
  const { positions: _, netTransfersQuote: _net, mode: _mode, ...money } = believed;
  return { believed: money, moneyDoubt };
}

const ofAccount = <T extends 'positions' | 'position_epochs'>(db: Db, table: T, exchange: string, account: string) =>
  db
    .selectFrom(table as 'positions')
    .selectAll()
    .where('exchange', '=', exchange)
    .where('account', '=', account)
    .orderBy('symbol')
    .execute() as unknown as Promise<Selectable<Database[T]>[]>;

async function latestDecisions(db: Db, exchange: string, account: string): Promise<ReadonlyMap<string, DecisionView>> {
  const rows = await db
    .selectFrom('products')
    // A join: MariaDB would go through every decision there ever was for `id in (…)`.
    .innerJoin('decisions', (join) => join.on('decisions.id', '=', newestDecision(account)))
    .selectAll('decisions')
    .where('products.exchange', '=', exchange)
    .orderBy('products.symbol')
    .execute();
  return new Map(rows.map((row) => [row.symbol, decodeDecision(row, row.inputs_json)]));
}

const decodePosition = (row: Selectable<Database['positions']>): PositionView => ({
  symbol: row.symbol,
  size: decimalText(row.size),
  entryPrice: plainOrNull(row.entry_price),
  valueQuote: decimalText(row.value_quote),
  unrealizedPnlQuote: decimalText(row.unrealized_pnl_quote),
  marginUsedQuote: decimalText(row.margin_used_quote),
  liquidationPrice: plainOrNull(row.liquidation_price),
  venueTimeMs: row.venue_time_ms,
});

const decodePrice = (row: Selectable<Database['latest_prices']>): PriceView => ({
  symbol: row.symbol,
  price: decimalText(row.price),
  venueTimeMs: row.venue_time_ms,
  receivedAtMs: row.received_at_ms,
  markPrice: plainOrNull(row.mark_price),
  markTimeMs: row.mark_time_ms,
});
