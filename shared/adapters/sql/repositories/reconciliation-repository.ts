import { sql } from 'kysely';
import { bookedPosition } from '#shared/core/orders/booked-position.ts';
import type { ClientOrderId } from '#shared/core/orders/order.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type {
  CycleSave,
  CycleSaved,
  ReconciliationRepository,
} from '#shared/ports/repositories/reconciliation-repository.ts';
import { readFigures, readOrders, readPrevious, readSymbols } from '../cycle-queries.ts';
import type { Db } from '../open-database.ts';
import { inRequests } from '../request-chunks.ts';
import { inserted, type JsonColumn, jsonRows } from '../upsert.ts';
import { fillQueries } from './fill-queries.ts';
import { encodeIntent, encodeOutbox } from './order-rows.ts';

const BIG = 'bigint';
const INTENT_COLUMNS: Readonly<Record<keyof ReturnType<typeof encodeIntent>, JsonColumn>> = {
  client_order_id: 'text',
  exchange: 'text',
  account: 'text',
  symbol: 'text',
  epoch: BIG,
  leg: 'int',
  decision_id: 'text',
  order_class: 'text',
  side: 'text',
  size: 'text',
  limit_price: 'text',
  time_in_force: 'text',
  reduce_only: 'int',
  status: 'text',
  venue_order_id: 'text',
  filled_size: 'text',
  average_price: 'text',
  error_code: 'text',
  error_message: 'text',
  idempotency_key: 'text',
  request_hash: 'text',
  created_at_ms: BIG,
  expires_at_ms: BIG,
  sent_at_ms: BIG,
  answered_at_ms: BIG,
  ended_at_ms: BIG,
  venue_ended_at_ms: BIG,
  correlation_id: 'text',
  born_at_ms: BIG,
};
const OUTBOX_COLUMNS: Readonly<Record<keyof ReturnType<typeof encodeOutbox>, JsonColumn>> = {
  client_order_id: 'text',
  exchange: 'text',
  account: 'text',
  body: 'text',
  created_at_ms: BIG,
  expires_at_ms: BIG,
  enqueued_at_ms: BIG,
  attempts: 'int',
  acked_at_ms: BIG,
};
const DECISION_COLUMNS = {
  id: 'text',
  symbol: 'text',
  epoch: BIG,
  kind: 'text',
  code: 'text',
  message: 'text',
  desired_size: 'text',
  actual_size: 'text',
  client_order_id: 'text',
  inputs_json: 'text',
} as const;
const DECISION_NAMES = Object.keys(DECISION_COLUMNS) as (keyof typeof DECISION_COLUMNS)[];
/** What a repeat of an episode writes anew: the newest numbers. */
const REFRESHED = ['message', 'desired_size', 'actual_size', 'inputs_json'] as const;

/** Five statements to read a cycle, three or six to store it, however many symbols there are. */
export function sqlReconciliationRepository(db: Db): ReconciliationRepository {
  return {
    async readCycle(query) {
      const [symbols, orders, previous, { pending, ...figures }, newest] = await Promise.all([
        readSymbols(db, query),
        readOrders(db, query),
        readPrevious(db, query),
        readFigures(db, query),
        fillQueries(db).lastFills(query.exchange, query.account),
      ]);
      const fillsOf = Map.groupBy(newest, (fill) => fill.symbol);
      return {
        symbols: symbols.map(({ adoptedAtMs, ...row }) => ({
          ...row,
          booked: bookedPosition(fillsOf.get(row.instrument.symbol) ?? [], adoptedAtMs),
          mismatchPending: pending.has(row.instrument.symbol),
        })),
        orders,
        previous,
        ...figures,
      };
    },

    async saveCycle(save) {
      return db.transaction().execute(async (tx) => {
        const saved = await storeIntents(tx, save);
        const lost = new Map(saved.superseded.map((s) => [s.clientOrderId, s.reason]));
        await storeDecisions(tx, save, lost);
        return saved;
      });
    },
  };
}

async function storeIntents(tx: Db, save: CycleSave): Promise<CycleSaved> {
  const intents = save.decisions.flatMap((d) => (d.intent === null ? [] : [d.intent]));
  if (intents.length === 0) return { stored: [], superseded: [] };
  const names = Object.keys(INTENT_COLUMNS) as (keyof typeof INTENT_COLUMNS)[];
  const rows = intents.map((intent) => ({ ...encodeIntent(intent, save.trace.bornAtMs, save.idempotency ?? null) }));
  // The join is the second look at the epochs; on MySQL it locks the rows it reads until the transaction ends.
  await tx
    .insertInto('order_execution_log')
    .columns(names)
    .expression(
      sql<never>`select ${sql.join(names.map((n) => sql.ref(`j.${n}`)))}
        from ${jsonRows(tx, rows, INTENT_COLUMNS)} as j
        left join position_epochs as e on e.exchange = j.exchange and e.account = j.account and e.symbol = j.symbol
        where coalesce(e.epoch, 0) = j.epoch` as never,
    )
    // Somebody was first with this epoch: the stored order stays as it is.
    .onDuplicateKeyUpdate({ client_order_id: sql<string>`order_execution_log.client_order_id` })
    .execute();
  const ids = intents.map((intent) => ({ id: intent.clientOrderId }));
  const winners = await tx
    .selectFrom('order_execution_log')
    .select(['client_order_id', 'decision_id'])
    .where('client_order_id', 'in', sql<string>`(select j.id from ${jsonRows(tx, ids, { id: 'text' })} as j)`)
    .execute();
  const decisionOf = new Map(winners.map((row) => [row.client_order_id, row.decision_id]));
  const stored = intents.filter((intent) => decisionOf.get(intent.clientOrderId) === intent.decisionId);
  await storeOutbox(tx, save, stored);
  const epochs = await currentEpochs(tx, save);
  const superseded = intents
    .filter((intent) => !stored.includes(intent))
    .map((intent) => ({
      clientOrderId: intent.clientOrderId,
      reason: (epochs.get(intent.symbol) ?? 0) === intent.epoch ? ('taken' as const) : ('stale-epoch' as const),
    }));
  return { stored: stored.map((intent) => intent.clientOrderId), superseded };
}

async function storeOutbox(tx: Db, save: CycleSave, stored: readonly NonNullable<CycleDecision['intent']>[]) {
  const names = Object.keys(OUTBOX_COLUMNS) as (keyof typeof OUTBOX_COLUMNS)[];
  const rows = stored.map((intent) => ({
    ...encodeOutbox(intent, save.outboxBodies.get(intent.clientOrderId) ?? ''),
  }));
  await tx
    .insertInto('order_outbox')
    .columns(names)
    .expression(
      sql<never>`select ${sql.join(names.map((n) => sql.ref(`j.${n}`)))} from ${jsonRows(tx, rows, OUTBOX_COLUMNS)} as j where true` as never,
    )
    .onDuplicateKeyUpdate({ client_order_id: sql<string>`order_outbox.client_order_id` })
    .execute();
}

async function currentEpochs(tx: Db, save: CycleSave): Promise<ReadonlyMap<string, number>> {
  const rows = await tx
    .selectFrom('position_epochs')
    .select(['symbol', 'epoch'])
    .where('exchange', '=', save.exchange)
    .where('account', '=', save.account)
    .execute();
  return new Map(rows.map((row) => [row.symbol, row.epoch]));
}

async function storeDecisions(tx: Db, save: CycleSave, lost: ReadonlyMap<ClientOrderId, 'taken' | 'stale-epoch'>) {
  const { exchange, account, cycleId, trace, atMs } = save;
  for (const rows of inRequests(
    tx,
    save.decisions.map((decision) => encodeDecision(decision, lost)),
  )) {
    const source = jsonRows(tx, rows, DECISION_COLUMNS);
    await tx
      .insertInto('decisions')
      .columns([
        ...DECISION_NAMES,
        'exchange',
        'account',
        'cycle_id',
        'correlation_id',
        'episode_count',
        'created_at_ms',
        'last_at_ms',
      ])
      .expression(
        sql<never>`select ${sql.join(DECISION_NAMES.map((n) => sql.ref(`j.${n}`)))}, ${exchange}, ${account}, ${cycleId},
          ${trace.correlationId}, 1, ${atMs}, ${atMs} from ${source} as j where true` as never,
      )
      .onDuplicateKeyUpdate({
        ...(Object.fromEntries(REFRESHED.map((c) => [c, inserted(c)])) as object),
        episode_count: sql<number>`decisions.episode_count + 1`,
        last_at_ms: inserted('last_at_ms'),
      })
      .execute();
  }
}

function encodeDecision(decision: CycleDecision, lost: ReadonlyMap<ClientOrderId, 'taken' | 'stale-epoch'>) {
  const { intent } = decision;
  const reason = intent === null ? undefined : lost.get(intent.clientOrderId);
  return {
    id: decision.id,
    symbol: decision.symbol,
    epoch: decision.epoch,
    kind: reason === undefined ? decision.kind : 'superseded',
    code: reason ?? decision.code,
    message: reason === undefined ? decision.message : `${SUPERSEDED[reason]}; it would have been: ${decision.message}`,
    desired_size: decision.desiredSize,
    actual_size: decision.actualSize,
    client_order_id: intent?.clientOrderId ?? decision.cancels[0] ?? null,
    inputs_json: JSON.stringify(decision.inputs),
  };
}

const SUPERSEDED = {
  taken: 'another order was first in this epoch of the position',
  'stale-epoch': 'the epoch of the position ended while this was planned',
} as const;
