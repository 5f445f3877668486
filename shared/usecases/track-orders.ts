import { isFromFuture } from '#shared/core/age.ts';
import type { OddList } from '#shared/core/odd-row.ts';
import { whatToStore } from '#shared/core/orders/apply-resolution.ts';
import { type ForeignChange, foreignFills, isOurs } from '#shared/core/orders/foreign-changes.ts';
import type { ClientOrderId, EndStatus, Order } from '#shared/core/orders/order.ts';
import { planAgainMs, refusedHoldAlert } from '#shared/core/orders/refusals.ts';
import {
  type Contradiction,
  contradictions,
  isUnresolvable,
  type ResolveInputs,
  resolveOrder,
  type StillUnknownReason,
} from '#shared/core/orders/resolve-unknown.ts';
import { slotOf } from '#shared/core/time.ts';
import type { CancelCommand } from '#shared/messages/order-command.ts';
import { RECONCILIATION_JOB, runRequest, SOURCE_JOBS } from '#shared/messages/reconciliation-messages.ts';
import type { Trace } from '#shared/messages/trace.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { VenueFill } from '#shared/ports/exchange.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { VenueView } from '#shared/ports/venue-view.ts';
import { QueueError, type QueueMessage, type WorkQueue } from '#shared/ports/work-queue.ts';

export interface TrackOrdersDeps {
  readonly orders: Pick<OrdersRepository, 'saveFills' | 'orderFills' | 'recordAnswer' | 'recordEnd' | 'epoch' | 'hold'>;
  /** FIFO queue `orders`, for cancels. */
  readonly queue: WorkQueue;
  /** Queue `run-requests`. */
  readonly runRequests: WorkQueue;
  readonly alerts: Alerts;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface TrackOrdersInput {
  readonly exchange: string;
  readonly account: string;
  readonly view: VenueView;
  /** `order_gateway.not_found_grace_s`. */
  readonly notFoundGraceMs: number;
  readonly cancelTtlMs: number;
  /** From an end to the reconciliation of its symbol: the sources are read in between. */
  readonly reconcileDelaySeconds: number;
  /** Exits in a row that found nothing within their price and are planned again at once; later ones wait a little. */
  readonly exitRetriesMax: number;
  /** Symbols of exits that expired before they were sent. */
  readonly expiredExits: readonly string[];
  /** An order that stays unresolved for longer than this after its expiry raises an alarm. */
  readonly unresolvedAlarmMs: number;
  readonly trace: Trace;
}

export interface TrackOrdersFacts {
  /** `againSeconds`: when its symbol is to be planned again. */
  readonly ended: readonly {
    readonly order: Order;
    readonly status: EndStatus;
    readonly code: string | null;
    readonly againSeconds: number;
  }[];
  readonly answered: readonly ClientOrderId[];
  readonly unresolved: readonly { readonly order: Order; readonly reason: StillUnknownReason }[];
  readonly newFills: readonly VenueFill[];
  /** Fills that no intent of ours explains: their symbols are on HOLD. */
  readonly foreign: readonly ForeignChange[];
  readonly cancelsAsked: readonly ClientOrderId[];
  /** Follow-ups that a queue refused: the schedules make up for them. */
  readonly errors: readonly string[];
}

/** An order rests past its expiry when its answer says so this long after. */
const EXPIRED_GRACE_MS = 1_000;
/** More than the venue's clock and ours are apart. */
const CLOCKS_APART_MS = 60_000;
/** A cancel that was asked for is not asked for again within this time. */
const CANCEL_REPEAT_MS = 10_000;

/**
 * Stores fills, answers and ends with the venue's times (architecture, rule 3.5), asks for the cancel of what rests past its
 * expiry, and after an end for fresh sources and a reconciliation. Every write is idempotent: the next run repeats what a crash
 * cut off.
 */
export async function trackOrders(deps: TrackOrdersDeps, input: TrackOrdersInput): Promise<TrackOrdersFacts> {
  const { newFills, foreign } = await storeFills(deps, input);
  const learned = await storeOrders(deps, input);
  const errors: string[] = [];
  const cancelsAsked = await askForCancels(deps, input, learned.resting, errors);
  await askForFreshSources(deps, input, learned.ended, newFills, errors);
  await alarmUnresolved(deps, input, learned.unresolved);
  const { ended, answered, unresolved } = learned;
  return { ended, answered, unresolved, newFills, foreign, cancelsAsked, errors };
}

async function storeFills(
  deps: TrackOrdersDeps,
  input: TrackOrdersInput,
): Promise<Pick<TrackOrdersFacts, 'newFills' | 'foreign'>> {
  const { exchange, account, view } = input;
  // What was traded before an `adopt` is a part of the position that was adopted, however late it is read.
  const concerns = ({ symbol, venueTimeMs }: VenueFill) =>
    venueTimeMs >= view.memory.sinceMs && venueTimeMs > (view.epochs.get(symbol)?.adoptedAtMs ?? -1);
  const reasons = new Map(
    foreignFills((view.fills ?? []).filter(concerns), view.own).map((change) => [change.detail.tradeId, change.reason]),
  );
  const fills = (view.fills ?? []).map((fill) => ({
    ...fill,
    ours: isOurs(fill, view.own),
    holdReason: reasons.get(fill.tradeId) ?? null,
  }));
  const newFills = await deps.orders.saveFills(exchange, account, fills, view.startedAtMs);
  const foreign = foreignFills(newFills.filter(concerns), view.own);
  for (const [symbol, changes] of Map.groupBy(foreign, (change) => change.symbol)) {
    const { reason, detail } = changes[0]!;
    await deps.alerts.raise({
      id: `hold:${exchange}:${account}:${symbol}:${reason}`,
      kind: reason,
      severity: 'critical',
      exchange,
      symbol,
      message: `${symbol} is on HOLD: ${changes.length} ${reason} that no order of ours explains`,
      detail: { ...detail, count: changes.length },
    });
  }
  return { newFills, foreign };
}

interface Learned extends Pick<TrackOrdersFacts, 'ended' | 'answered' | 'unresolved'> {
  readonly resting: readonly Order[];
}

async function storeOrders(deps: TrackOrdersDeps, input: TrackOrdersInput): Promise<Learned> {
  const { exchange, account, view } = input;
  const asked = view.working.filter((order) => view.lookups.has(order.clientOrderId));
  const ended: TrackOrdersFacts['ended'][number][] = [];
  const answered: ClientOrderId[] = [];
  const unresolved: { order: Order; reason: StillUnknownReason }[] = [];
  const resting: Order[] = [];
  if (asked.length === 0) return { ended, answered, unresolved, resting };

  const fills = await deps.orders.orderFills(exchange, account, {
    clientOrderIds: asked.map((order) => order.clientOrderId),
    venueOrderIds: asked.flatMap((order) => (order.venueOrderId === null ? [] : [order.venueOrderId])),
  });
  for (const order of asked) {
    const { clientOrderId } = order;
    const { venueFromMs } = view;
    // What could not be read may be about this order.
    const openOrders = hidesOrder(view, 'open-orders', order) ? null : view.openOrders;
    const fillsComplete = view.fillsComplete && !hidesOrder(view, 'fills', order);
    const lookup = view.lookups.get(clientOrderId)!;
    const graceMs = input.notFoundGraceMs;
    const asked: ResolveInputs = { order, lookup, openOrders, fills, fillsComplete, venueFromMs, graceMs };
    const resolution = resolveOrder(asked);
    await holdContradicted(deps, input, order, contradictions(asked));
    if (resolution.kind === 'found' && (resolution.status === 'open' || resolution.status === 'partially-filled')) {
      resting.push(order);
    }
    const change = whatToStore(order, resolution);
    if (change.kind === 'wait') unresolved.push({ order, reason: change.reason });
    if (change.kind === 'wait' && change.answer) {
      await deps.orders.recordAnswer(clientOrderId, change.answer, deps.clock.nowMs());
    }
    if (change.kind === 'answer') {
      await deps.orders.recordAnswer(clientOrderId, change.answer, deps.clock.nowMs());
      answered.push(clientOrderId);
    }
    if (change.kind === 'end' && (await deps.orders.recordEnd({ clientOrderId, ...change.end }, deps.clock.nowMs()))) {
      const { status, errorCode, errorMessage, filledSize } = change.end;
      const closed = { ...order, status, filledSize, errorCode, errorMessage };
      ended.push({ order: closed, status, code: errorCode, againSeconds: await againSeconds(deps, input, closed) });
    }
  }
  return { ended, answered, unresolved, resting };
}

const hidesOrder = ({ odd }: VenueView, list: OddList, { symbol, createdAtMs }: Order): boolean =>
  odd.some(
    (row) =>
      row.list === list &&
      (row.symbol ?? symbol) === symbol &&
      (row.venueTimeMs ?? createdAtMs) >= createdAtMs - CLOCKS_APART_MS,
  );

/**
 * The venue shows under an id of ours what the order cannot have become: an id was given twice, as after an older database was
 * put back, or the answer is not true. Either way the books of the symbol are in doubt, so nothing is opened there.
 */
async function holdContradicted(
  deps: TrackOrdersDeps,
  { exchange, account, view }: TrackOrdersInput,
  order: Order,
  found: readonly Contradiction[],
): Promise<void> {
  const [first] = found;
  const { symbol, side, size, clientOrderId } = order;
  if (first === undefined || (view.epochs.get(symbol)?.holdReason ?? null) !== null) return;
  await deps.orders.hold(exchange, account, symbol, 'order-contradicted', view.startedAtMs);
  const { symbol: theirSymbol, side: theirSide, size: theirSize, tradeId, venueOrderId } = first;
  await deps.alerts.raise({
    id: `hold:${exchange}:${account}:${symbol}:order-contradicted`,
    kind: 'order-contradicted',
    severity: 'critical',
    exchange,
    symbol,
    message: `${symbol} is on HOLD: under the id of an order of ours the venue shows what that order cannot be`,
    detail: {
      clientOrderId,
      side,
      size,
      theirSymbol,
      theirSide,
      theirSize,
      tradeId,
      venueOrderId,
      count: found.length,
    },
  });
}

async function askForCancels(
  deps: TrackOrdersDeps,
  input: TrackOrdersInput,
  resting: readonly Order[],
  errors: string[],
): Promise<readonly ClientOrderId[]> {
  const { exchange, account, trace } = input;
  const nowMs = deps.clock.nowMs();
  const late = resting.filter((order) => nowMs > order.expiresAtMs + EXPIRED_GRACE_MS);
  if (late.length === 0) return [];
  const messages = late.map(({ symbol, clientOrderId }): QueueMessage => {
    const reason = 'rests past its expiry';
    const expiresAtMs = nowMs + input.cancelTtlMs;
    const command: CancelCommand = {
      v: 1,
      type: 'cancel',
      exchange,
      account,
      symbol,
      clientOrderId,
      reason,
      expiresAtMs,
      trace,
    };
    const deduplicationId = `cancel:${clientOrderId}:${slotOf(nowMs, CANCEL_REPEAT_MS)}`;
    return { body: JSON.stringify(command), groupId: `${exchange}:${account}`, deduplicationId };
  });
  return (await send(deps.queue, messages, errors)) ? late.map((order) => order.clientOrderId) : [];
}

/** A fill or an end asks all sources at once, and plans the symbols of the ends once these have been read. */
async function askForFreshSources(
  deps: TrackOrdersDeps,
  input: TrackOrdersInput,
  ended: TrackOrdersFacts['ended'],
  newFills: readonly VenueFill[],
  errors: string[],
): Promise<void> {
  const due = new Map(input.expiredExits.map((symbol) => [symbol, input.reconcileDelaySeconds]));
  for (const { order, againSeconds } of ended)
    due.set(order.symbol, Math.max(againSeconds, due.get(order.symbol) ?? 0));
  if (due.size === 0 && newFills.length === 0) return;
  const { exchange, trace } = input;
  const messages: QueueMessage[] = SOURCE_JOBS.map((job) => ({
    body: JSON.stringify(runRequest(job, exchange, null, 'an order of ours ended or was filled', trace)),
  }));
  for (const [delaySeconds, symbols] of Map.groupBy(due.keys(), (symbol) => due.get(symbol)!)) {
    // What it finds was not decided by the tick behind the order: latency counts from when it is due.
    const again = { ...trace, bornAtMs: deps.clock.nowMs() + 1000 * delaySeconds };
    const request = runRequest(RECONCILIATION_JOB, exchange, symbols, 'an order of ours ended', again);
    messages.push({ body: JSON.stringify(request), delaySeconds });
  }
  await send(deps.runRequests, messages, errors);
}

/** Not before the sources were read; an exit that was refused waits longer. Tells of a symbol that too many refusals put on HOLD. */
async function againSeconds(deps: TrackOrdersDeps, input: TrackOrdersInput, ended: Order): Promise<number> {
  const epoch = await deps.orders.epoch(ended.exchange, ended.account, ended.symbol);
  const alert = refusedHoldAlert(ended, epoch);
  if (alert) await deps.alerts.raise(alert);
  const againMs = planAgainMs(ended, epoch, input.exitRetriesMax) ?? 0;
  return Math.max(input.reconcileDelaySeconds, Math.ceil(againMs / 1000));
}

const endedBy = ({ clientOrderId }: Order, reason: StillUnknownReason): string =>
  isUnresolvable(reason) ? ` or a human ends it with \`3t orders resolve ${clientOrderId}\`` : '';

async function alarmUnresolved(
  deps: TrackOrdersDeps,
  input: TrackOrdersInput,
  unresolved: TrackOrdersFacts['unresolved'],
): Promise<void> {
  const nowMs = deps.clock.nowMs();
  // Of a clock that was ahead: what it says of its expiry lies as far away.
  const isOld = ({ createdAtMs, expiresAtMs }: Order) =>
    nowMs > expiresAtMs + input.unresolvedAlarmMs || isFromFuture(createdAtMs, nowMs);
  for (const { order, reason } of unresolved.filter((one) => isOld(one.order))) {
    await deps.alerts.raise({
      id: `order-unresolved:${order.clientOrderId}`,
      kind: 'order-unresolved',
      severity: 'critical',
      exchange: order.exchange,
      symbol: order.symbol,
      message: `nobody knows what became of an order for ${order.symbol}; nothing is planned there until it is known${endedBy(order, reason)}`,
      detail: { clientOrderId: order.clientOrderId, reason, status: order.status, sentAtMs: order.sentAtMs },
    });
  }
}

/** False when the queue refused. */
async function send(queue: WorkQueue, messages: readonly QueueMessage[], errors: string[]): Promise<boolean> {
  try {
    await queue.send(messages);
    return true;
  } catch (error) {
    if (!(error instanceof QueueError)) throw error;
    errors.push(error.message);
    return false;
  }
}
