import type { DecimalText } from '#shared/core/decimal.ts';
import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';
import { clientOrderId } from '#shared/core/orders/client-order-id.ts';
import { type ManualOrder, type ManualPlan, planManualOrder } from '#shared/core/orders/manual-order.ts';
import type { ClientOrderId, Order, OrderIntent } from '#shared/core/orders/order.ts';
import type { HandRefusal } from '#shared/core/orders/refusal-codes.ts';
import { requestHash } from '#shared/core/orders/request-hash.ts';
import { type AccountView, ownTableView, readingOf, unreadableView } from '#shared/core/reconciliation/account-view.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { CycleSettings } from '#shared/core/reconciliation/cycle-inputs.ts';
import { OWN_TABLE } from '#shared/core/reconciliation/cycle-settings.ts';
import { refusal } from '#shared/core/refusal.ts';
import { type ManualOrderOutcome, manualOrderSchema } from '#shared/messages/manual-order.ts';
import { observedView } from '#shared/messages/observed-view.ts';
import type { OrderCommand } from '#shared/messages/order-command.ts';
import { ORDER_TRACKER_JOB } from '#shared/messages/reconciliation-messages.ts';
import type { Trace } from '#shared/messages/trace.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { CycleSymbolRow, ReconciliationRepository } from '#shared/ports/repositories/reconciliation-repository.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';

export interface RefusedRequests {
  /** Hash of the request that was refused under this key; null when none is remembered. */
  hashOf(key: string): string | null;
  remember(key: string, requestHash: string): void;
}

export interface SubmitManualOrderDeps {
  readonly orders: Pick<OrdersRepository, 'find' | 'findByIdempotencyKey' | 'working' | 'markEnqueued'>;
  readonly reconciliation: Pick<ReconciliationRepository, 'readCycle' | 'saveCycle'>;
  readonly accounts: Pick<AccountRepository, 'latest'>;
  readonly observers: readonly { readonly id: string; readonly documents: Pick<ObserverDocuments, 'get'> }[];
  /** FIFO queue `orders`. */
  readonly queue: WorkQueue;
  /** Requests that came to nothing, by key: no order row tells which body they had. */
  readonly refusedRequests: RefusedRequests;
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>;
  readonly ids: Ids;
}

export interface SubmitManualOrderInput {
  readonly exchange: string;
  /** Key of the rows. */
  readonly account: string;
  /** Key in observer documents. */
  readonly address: string;
  readonly installationTag: string;
  /** Ask our own table, too. */
  readonly useOwnTable: boolean;
  readonly settings: Pick<
    CycleSettings,
    'quorum' | 'sourceAgeMsMax' | 'futureToleranceMs' | 'slippage' | 'calendar' | 'orderTtlMs' | 'limits'
  >;
  readonly idempotencyKey: string;
  /** Parsed JSON, not checked yet. */
  readonly body: unknown;
  readonly correlationId: string;
  /** How long the caller is made to wait for the venue's answer. */
  readonly waitMs: number;
}

const POLL_MS = 25;
/** Longer keys are refused by the API; this keeps two of its length apart from other kinds of keys. */
const keyOf = (input: SubmitManualOrderInput): string => `${input.exchange}:${input.idempotencyKey}`;

/**
 * `POST /execute_order`: the same intent, epoch, outbox and gateway as every order, then a bounded wait for the answer. The same
 * key and body give the same order, whatever has become of it by then; after a refusal they are tried again. Another body under
 * a key is a conflict, whether its first became an order or was refused.
 */
export async function submitManualOrder(
  deps: SubmitManualOrderDeps,
  input: SubmitManualOrderInput,
): Promise<ManualOrderOutcome> {
  const parsed = manualOrderSchema.safeParse(input.body);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
    return { kind: 'invalid', problems: problems.join('; ').slice(0, 500) };
  }
  const { symbol, side, size, type, price } = parsed.data;
  const hash = requestHash([symbol, side, size, type, price]);
  const earlier = await repeatOf(deps, input, hash);
  if (earlier) return earlier;
  const refusedHash = deps.refusedRequests.hashOf(keyOf(input));
  if (refusedHash !== null && refusedHash !== hash) return { kind: 'conflict' };
  const outcome = await submit(deps, input, parsed.data, hash);
  if (outcome.kind === 'refused') deps.refusedRequests.remember(keyOf(input), hash);
  return outcome;
}

async function submit(
  deps: SubmitManualOrderDeps,
  input: SubmitManualOrderInput,
  asked: ManualOrder,
  hash: string,
): Promise<ManualOrderOutcome> {
  const row = await readSymbol(deps, input, asked);
  if (!row) return refused('unknown-symbol', `${asked.symbol} is not a product of ${input.exchange}`);
  const order = { ...asked, symbol: row.instrument.symbol };
  const plan = await planOrder(deps, input, order, row);
  if (plan.kind === 'refused') return { kind: 'refused', refusal: plan.refusal };

  const intent = intentOf(input, row, plan, deps.clock.nowMs(), deps.ids.next());
  const trace: Trace = { correlationId: input.correlationId, bornAtMs: intent.createdAtMs };
  const body = JSON.stringify(commandOf(intent, trace));
  const {
    superseded: [lost],
  } = await deps.reconciliation.saveCycle({
    exchange: input.exchange,
    account: input.account,
    cycleId: intent.decisionId,
    decisions: [decisionOf(intent, plan, input)],
    outboxBodies: new Map([[intent.clientOrderId, body]]),
    idempotency: { key: keyOf(input), requestHash: hash },
    trace,
    atMs: intent.createdAtMs,
  });
  if (lost) {
    // The same request may have come twice at once: then the other one's order is the answer.
    return (
      (await repeatOf(deps, input, hash)) ??
      refused(REFUSAL_OF[lost.reason], `another order for ${order.symbol} was first; try again once it has ended`)
    );
  }
  await enqueue(deps, intent, body);
  return { kind: 'order', order: await outcomeOf(deps, input, intent.clientOrderId) };
}

const REFUSAL_OF = { taken: 'superseded', 'stale-epoch': 'stale-epoch' } as const;

const refused = (code: HandRefusal, message: string): ManualOrderOutcome => ({
  kind: 'refused',
  refusal: refusal(code, message),
});

async function repeatOf(
  deps: SubmitManualOrderDeps,
  input: SubmitManualOrderInput,
  hash: string,
): Promise<ManualOrderOutcome | null> {
  const found = await deps.orders.findByIdempotencyKey(keyOf(input));
  if (!found) return null;
  if (found.requestHash !== hash) return { kind: 'conflict' };
  return { kind: 'order', order: await outcomeOf(deps, input, found.order.clientOrderId) };
}

async function readSymbol(
  deps: SubmitManualOrderDeps,
  input: SubmitManualOrderInput,
  order: ManualOrder,
): Promise<CycleSymbolRow | null> {
  const { exchange, account } = input;
  const nowMs = deps.clock.nowMs();
  const { symbols } = await deps.reconciliation.readCycle({
    exchange,
    account,
    supervisorJob: '',
    trackerJob: ORDER_TRACKER_JOB,
    nowMs,
  });
  const symbol = resolveSymbol(
    symbols.map((row) => row.instrument),
    order.symbol,
  );
  return symbols.find((row) => row.instrument.symbol === symbol) ?? null;
}

async function planOrder(
  deps: SubmitManualOrderDeps,
  input: SubmitManualOrderInput,
  order: ManualOrder,
  row: CycleSymbolRow,
): Promise<ManualPlan> {
  const { exchange, account, settings } = input;
  const views: AccountView[] = await Promise.all(deps.observers.map((observer) => readObserver(observer, input)));
  if (input.useOwnTable) views.unshift(ownTableView(OWN_TABLE, await deps.accounts.latest(exchange, account)));
  const working = await deps.orders.working(exchange, account);
  const nowMs = deps.clock.nowMs();
  return planManualOrder(order, {
    instrument: row.instrument,
    managed: row.managed,
    price: row.price,
    readings: views.map((view) => readingOf(view, row.instrument)),
    rules: {
      quorum: settings.quorum,
      maxAgeMs: settings.sourceAgeMsMax,
      futureToleranceMs: settings.futureToleranceMs,
      settledAtMs: row.settledAtMs,
      lot: row.instrument.sizeStep,
      nowMs,
    },
    holdReason: row.holdReason ?? (row.takeover === 'unchecked' ? 'position-unchecked' : null),
    exitAttempts: row.exitAttempts,
    booked: row.booked,
    mismatchPending: row.mismatchPending,
    working: working.filter((other) => other.symbol === order.symbol),
    slippage: settings.slippage,
    priceMaxAgeMs: settings.limits.max_price_age_s * 1000,
    calendar: settings.calendar,
    nowMs,
  });
}

async function readObserver(
  observer: SubmitManualOrderDeps['observers'][number],
  input: SubmitManualOrderInput,
): Promise<AccountView> {
  const source = `observer:${observer.id}`;
  try {
    return observedView(source, await observer.documents.get(observer.id), input.exchange, input.address);
  } catch (error) {
    return unreadableView(source, (error instanceof Error ? error.message : String(error)).slice(0, 300));
  }
}

type Planned = ManualPlan & { readonly kind: 'planned' };

function intentOf(
  input: SubmitManualOrderInput,
  row: CycleSymbolRow,
  plan: Planned,
  nowMs: number,
  id: string,
): OrderIntent {
  const { exchange, account, installationTag, correlationId } = input;
  const identity = { exchange, account, symbol: row.instrument.symbol, epoch: row.epoch, leg: 0 };
  return {
    ...plan.order,
    clientOrderId: clientOrderId(installationTag, identity),
    ...identity,
    decisionId: `manual-${id}`,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + input.settings.orderTtlMs,
    correlationId,
  };
}

const commandOf = (intent: OrderIntent, trace: Trace): OrderCommand => {
  const { exchange, account, symbol, clientOrderId: id, expiresAtMs } = intent;
  return { v: 1, type: 'order', exchange, account, symbol, clientOrderId: id, expiresAtMs, trace };
};

/** The record that `3t why` reads: who asked, and what was known. */
function decisionOf(intent: OrderIntent, plan: Planned, input: SubmitManualOrderInput): CycleDecision {
  const { side, size, limitPrice, timeInForce, orderClass } = intent;
  const desiredSize: DecimalText = plan.desiredSize;
  return {
    id: intent.decisionId,
    symbol: intent.symbol,
    epoch: intent.epoch,
    kind: 'order',
    code: orderClass === 'open' ? 'manual-open' : 'manual-reduce',
    message: `asked for by hand: ${side} ${size} at ${limitPrice} or better, from ${plan.actualSize} to ${desiredSize}`,
    desiredSize,
    actualSize: plan.actualSize,
    inputs: { ...plan.evidence, order: { side, size, limitPrice, timeInForce }, idempotencyKey: input.idempotencyKey },
    repeats: false,
    episodeCount: 1,
    intent,
    cancels: [],
    wantsFreshSources: false,
    alarm: null,
  };
}

/** A queue that refuses costs nothing: the relay sends the outbox again. */
async function enqueue(deps: SubmitManualOrderDeps, intent: OrderIntent, body: string): Promise<void> {
  const { exchange, account, clientOrderId: id } = intent;
  try {
    await deps.queue.send([{ body, groupId: `${exchange}:${account}`, deduplicationId: `${id}:0` }]);
    await deps.orders.markEnqueued([id], deps.clock.nowMs());
  } catch {
    return;
  }
}

/** Polls the order until it has been answered, for `waitMs` at most. */
async function outcomeOf(
  deps: SubmitManualOrderDeps,
  input: SubmitManualOrderInput,
  id: ClientOrderId,
): Promise<Order> {
  const untilMs = deps.clock.nowMs() + input.waitMs;
  for (;;) {
    const order = await deps.orders.find(id);
    if (!order) throw new Error(`order ${id} was stored and is gone`);
    const isPending = order.status === 'intent' || order.status === 'sending';
    if (!isPending || deps.clock.nowMs() >= untilMs) return order;
    await deps.clock.sleep(POLL_MS);
  }
}
