import { isFromFuture } from '#shared/core/age.ts';
import { dec } from '#shared/core/decimal.ts';
import type { Order } from '#shared/core/orders/order.ts';
import type { GateRefusal } from '#shared/core/orders/refusal-codes.ts';
import { planAgainMs, refusedHoldAlert } from '#shared/core/orders/refusals.ts';
import { writerLease } from '#shared/core/orders/writer-lease.ts';
import { type Refusal, refusal } from '#shared/core/refusal.ts';
import { checkLimits, type LimitVerdict, type OrderLimits } from '#shared/core/risk/limits.ts';
import { permits } from '#shared/core/system/permissions.ts';
import { KEY_REFUSED } from '#shared/core/system/trading-key.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { OrderCommand } from '#shared/messages/order-command.ts';
import { ORDER_TRACKER_JOB, RECONCILIATION_JOB, runRequest } from '#shared/messages/reconciliation-messages.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError, type OrderVenue, type SubmitOutcome } from '#shared/ports/exchange.ts';
import type { OrderFacts, OrderFactsReader } from '#shared/ports/order-facts.ts';
import type { Lease, LeasesRepository } from '#shared/ports/repositories/leases-repository.ts';
import type { OrdersRepository, PositionEpoch } from '#shared/ports/repositories/orders-repository.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';

export interface ExecuteOrderDeps {
  readonly orders: Pick<
    OrdersRepository,
    'find' | 'epoch' | 'markSending' | 'recordAnswer' | 'recordEnd' | 'recordLeverage' | 'ackOutbox'
  >;
  readonly facts: OrderFactsReader;
  readonly systemState: Pick<SystemStateRepository, 'read'>;
  readonly leases: Pick<LeasesRepository, 'acquire' | 'holds'>;
  readonly venue: Pick<OrderVenue, 'submitOrder' | 'setLeverage'>;
  /** Queue `run-requests`. */
  readonly runRequests: WorkQueue;
  readonly alerts: Alerts;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface GatewaySettings {
  readonly limits: OrderLimits;
  /** Names this process among those that may write to the account. */
  readonly leaseHolder: string;
  readonly leaseTtlMs: number;
  /** Exits in a row that found nothing within their price and are planned again at once; later ones wait a little. */
  readonly exitRetriesMax: number;
}

interface ExecuteOrderInput {
  readonly command: OrderCommand;
  readonly settings: GatewaySettings;
}

export type ExecuteOrderOutcome =
  /** The store has no such order: another installation's, or a restored database. Nothing was sent. */
  | { readonly kind: 'no-such-order' }
  /** A redelivery of what was sent or has ended. Nothing was sent. */
  | { readonly kind: 'already-handled'; readonly order: Order }
  /** A redelivery after a crash between sending and storing: what became of it is asked, it is not sent again. */
  | { readonly kind: 'sent-before'; readonly order: Order }
  | { readonly kind: 'expired'; readonly order: Order }
  /** Ended before anything was sent. */
  | { readonly kind: 'refused'; readonly order: Order; readonly refusal: Refusal<GateRefusal> }
  /** Still an intent; the outbox brings it again until it expires. */
  | { readonly kind: 'deferred'; readonly order: Order; readonly reason: 'lease-held' | 'lease-lost' | 'state-changed' }
  /** Sent. `stored` is false when the answer could not be stored: the tracker will ask for it. */
  | {
      readonly kind: 'sent';
      readonly order: Order;
      readonly answer: SubmitOutcome;
      readonly answeredAtMs: EpochMs;
      readonly stored: boolean;
      readonly error: string | null;
    };

type Gate =
  | { readonly kind: 'pass'; readonly verdict: LimitVerdict & { kind: 'approved' }; readonly lease: Lease }
  | { readonly kind: 'refuse'; readonly refusal: Refusal<GateRefusal> }
  | { readonly kind: 'expired' }
  | { readonly kind: 'defer'; readonly reason: 'lease-held' };

/**
 * Executes the order command of a stored intent at most once (architecture, rules 3.4 to 3.10). Throws only while nothing has
 * left the machine and the store could not say what to do: that command may come again. Every answer of the venue is stored and
 * final for this command.
 */
export async function executeOrder(deps: ExecuteOrderDeps, input: ExecuteOrderInput): Promise<ExecuteOrderOutcome> {
  const { command, settings } = input;
  const order = await deps.orders.find(command.clientOrderId);
  if (!order) return { kind: 'no-such-order' };
  if (order.status !== 'intent') return redelivered(deps, order, command);

  const gate = await passGates(deps, order, settings);
  if (gate.kind === 'defer') return { kind: 'deferred', order, reason: gate.reason };
  if (gate.kind === 'expired') return expire(deps, order, command, settings);
  if (gate.kind === 'refuse') return refuse(deps, order, gate.refusal, input);
  // Reading the facts takes its time, and setting a leverage a venue round trip: a lock or another writer may have come meanwhile.
  if (!(await deps.orders.markSending(order, gate.lease, deps.clock.nowMs())))
    return notSent(deps, order, gate.lease, input);
  return send(deps, order, gate.verdict.order, command, settings);
}

/** What was sent is never sent again. `sending` without a sender means that its answer was lost. */
async function redelivered(deps: ExecuteOrderDeps, order: Order, command: OrderCommand): Promise<ExecuteOrderOutcome> {
  if (order.status === 'sending') {
    await deps.orders.recordAnswer(order.clientOrderId, lostAnswer('answer-lost', null), deps.clock.nowMs());
  }
  await deps.orders.ackOutbox(order.clientOrderId, deps.clock.nowMs());
  if (order.status !== 'sending') return { kind: 'already-handled', order };
  await request(deps, ORDER_TRACKER_JOB, order, 'an answer was lost', command);
  return { kind: 'sent-before', order };
}

async function passGates(deps: ExecuteOrderDeps, order: Order, settings: GatewaySettings): Promise<Gate> {
  const { exchange, account, symbol } = order;
  if (isExpired(deps, order)) return { kind: 'expired' };
  const epoch = await deps.orders.epoch(exchange, account, symbol);
  if (epoch.epoch !== order.epoch) {
    return refused('stale-epoch', 'the position epoch has moved on', { epoch: order.epoch, current: epoch.epoch });
  }
  const forbidden = await stateForbids(deps, order);
  if (forbidden) return { kind: 'refuse', refusal: forbidden };
  const name = writerLease(exchange, account);
  const lease = await deps.leases.acquire(name, settings.leaseHolder, deps.clock.nowMs(), settings.leaseTtlMs);
  if (!lease) return { kind: 'defer', reason: 'lease-held' };
  if (order.orderClass === 'open' && epoch.holdReason !== null) {
    return refused('symbol-on-hold', `${symbol} is on HOLD: ${epoch.holdReason}`, { holdReason: epoch.holdReason });
  }
  const facts = await deps.facts.read(exchange, account, symbol, deps.clock.nowMs());
  if (!facts) return refused('unknown-instrument', `${symbol} is not an instrument of ${exchange}`, {});
  const verdict = checkLimits(order, facts, settings.limits);
  if (verdict.kind === 'refused') return { kind: 'refuse', refusal: verdict.refusal };

  if (order.orderClass === 'open' && epoch.leverageSet !== facts.leverage) {
    const failed = await setLeverage(deps, epoch, facts);
    if (failed) return { kind: 'refuse', refusal: failed };
  }
  if (isExpired(deps, order)) return { kind: 'expired' };
  return { kind: 'pass', verdict, lease };
}

/** Which condition of the write did not hold. Nothing has left the machine. */
async function notSent(
  deps: ExecuteOrderDeps,
  order: Order,
  lease: Lease,
  input: ExecuteOrderInput,
): Promise<ExecuteOrderOutcome> {
  const current = await deps.orders.find(order.clientOrderId);
  if (current?.status !== 'intent') return { kind: 'already-handled', order: current ?? order };
  if (!(await deps.leases.holds(lease, deps.clock.nowMs()))) return { kind: 'deferred', order, reason: 'lease-lost' };
  const forbidden = await stateForbids(deps, order);
  return forbidden ? refuse(deps, order, forbidden, input) : { kind: 'deferred', order, reason: 'state-changed' };
}

/** An intent from the future was made by a clock that was ahead: it would be valid for as long as that. */
const isExpired = ({ clock }: Pick<ExecuteOrderDeps, 'clock'>, order: Order): boolean =>
  clock.nowMs() >= order.expiresAtMs || isFromFuture(order.createdAtMs, clock.nowMs());

const refused = (code: GateRefusal, message: string, numbers: Refusal['numbers']): Gate => ({
  kind: 'refuse',
  refusal: refusal(code, message, numbers),
});

/** An unreadable state permits what an absent one permits. */
async function stateForbids(deps: ExecuteOrderDeps, order: Order): Promise<Refusal<GateRefusal> | null> {
  const state = await deps.systemState.read(order.exchange).catch(() => null);
  const permission = permits(state, order.orderClass);
  return permission.allowed ? null : permission.refusal;
}

/** Nothing is opened on a leverage that the venue did not confirm. */
async function setLeverage(
  deps: ExecuteOrderDeps,
  epoch: PositionEpoch,
  facts: OrderFacts,
): Promise<Refusal<GateRefusal> | null> {
  const { exchange, account, symbol } = epoch;
  try {
    await deps.venue.setLeverage(account, symbol, facts.leverage, facts.isolated);
  } catch (error) {
    // A refusal comes again with every order; a failure of the way there passes.
    const kind = error instanceof ExchangeError ? error.kind : null;
    const isKey = kind === 'key-refused' || kind === 'configuration';
    const code = isKey ? KEY_REFUSED : kind === 'rejected' ? 'leverage-refused' : 'leverage-not-set';
    return refusal(code, `leverage of ${symbol} could not be set: ${text(error)}`, {
      leverage: facts.leverage,
      isolated: facts.isolated,
    });
  }
  await deps.orders.recordLeverage(exchange, account, symbol, facts.leverage, deps.clock.nowMs());
  return null;
}

async function expire(
  deps: ExecuteOrderDeps,
  order: Order,
  command: OrderCommand,
  settings: GatewaySettings,
): Promise<ExecuteOrderOutcome> {
  const ended = await endUnsent(deps, order, 'expired', {
    code: 'expired',
    message: 'expired before it was sent',
    numbers: { expiresAtMs: order.expiresAtMs },
  });
  if (!ended) return { kind: 'already-handled', order };
  await planAgain(deps, { ...order, status: 'expired', errorCode: 'expired' }, command, settings);
  return { kind: 'expired', order };
}

/** Final for this intent: its epoch ends with it. The alarm counts repeats of the same refusal as one episode. */
async function refuse(
  deps: ExecuteOrderDeps,
  order: Order,
  why: Refusal<GateRefusal>,
  { command, settings }: ExecuteOrderInput,
): Promise<ExecuteOrderOutcome> {
  if (!(await endUnsent(deps, order, 'rejected', why))) return { kind: 'already-handled', order };
  await quietly(() =>
    deps.alerts.raise({
      id: `order-refused:${order.exchange}:${order.account}:${order.symbol}:${why.code}`,
      kind: 'order-refused',
      severity: 'warning',
      exchange: order.exchange,
      symbol: order.symbol,
      message: `order refused before the venue: ${why.message}`,
      detail: { code: why.code, clientOrderId: order.clientOrderId, orderClass: order.orderClass, ...why.numbers },
    }),
  );
  const ended: Order = { ...order, status: 'rejected', errorCode: why.code, errorMessage: why.message };
  await planAgain(deps, ended, command, settings);
  return { kind: 'refused', order, refusal: why };
}

const endUnsent = (deps: ExecuteOrderDeps, order: Order, status: 'expired' | 'rejected', why: Refusal) =>
  deps.orders.recordEnd(
    {
      clientOrderId: order.clientOrderId,
      status,
      filledSize: '0',
      averagePrice: null,
      venueEndedAtMs: null,
      errorCode: why.code,
      errorMessage: `${why.message} ${JSON.stringify(why.numbers)}`,
      onlyFrom: ['intent'],
    },
    deps.clock.nowMs(),
  );

async function send(
  deps: ExecuteOrderDeps,
  order: Order,
  approved: (LimitVerdict & { kind: 'approved' })['order'],
  command: OrderCommand,
  settings: GatewaySettings,
): Promise<ExecuteOrderOutcome> {
  const told = await deps.venue
    .submitOrder(approved)
    .catch((error: unknown): SubmitOutcome => ({ kind: 'unknown', errorKind: 'bug', message: text(error) }));
  const answer = believable(order, told);
  const answeredAtMs = deps.clock.nowMs();
  const sent = { kind: 'sent', order, answer, answeredAtMs } as const;
  try {
    await store(deps, order, answer, answeredAtMs, command, settings);
    return { ...sent, stored: true, error: null };
  } catch (error) {
    return { ...sent, stored: false, error: text(error) };
  }
}

/** A venue rounds what it tells of an average price. */
const AVERAGE_ROUNDED_BY = 0.001;

/** An answer that fills more than was asked for, or at a price that the limit forbids, is not an answer to this order. */
function believable(order: Order, told: SubmitOutcome): SubmitOutcome {
  if (told.kind !== 'accepted') return told;
  const { filledSize, averagePrice } = told;
  const sign = order.side === 'buy' ? 1 : -1;
  const worst = dec(order.limitPrice).times(1 + sign * AVERAGE_ROUNDED_BY);
  const isBeyond = averagePrice !== null && dec(averagePrice).minus(worst).times(sign).gt(0);
  if (dec(filledSize).lte(order.size) && !isBeyond) return told;
  const filled = averagePrice === null ? filledSize : `${filledSize} at ${averagePrice}`;
  const message = `the answer says ${filled}, of an order to ${order.side} ${order.size} at ${order.limitPrice} or better`;
  return { kind: 'unknown', errorKind: 'malformed-reply', message };
}

async function store(
  deps: ExecuteOrderDeps,
  order: Order,
  answer: SubmitOutcome,
  answeredAtMs: EpochMs,
  command: OrderCommand,
  settings: GatewaySettings,
): Promise<void> {
  const { clientOrderId } = order;
  if (answer.kind === 'rejected') {
    const status = answer.code === 'expired' ? 'expired' : 'rejected';
    const learned = { filledSize: '0', averagePrice: null, errorCode: answer.code.slice(0, 64) };
    await deps.orders.recordEnd(
      // It changed no position, so no source has to be later than it.
      { clientOrderId, status, ...learned, venueEndedAtMs: null, errorMessage: answer.message },
      deps.clock.nowMs(),
    );
    const { code: errorCode, message: errorMessage } = answer;
    const ended: Order = { ...order, status, sentAtMs: answeredAtMs, filledSize: '0', errorCode, errorMessage };
    return planAgain(deps, ended, command, settings);
  }
  await deps.orders.recordAnswer(
    clientOrderId,
    answer.kind === 'unknown'
      ? lostAnswer(`unknown-${answer.errorKind}`, answer.message)
      : {
          status: answer.state === 'filled' ? 'partially-filled' : 'open',
          venueOrderId: answer.venueOrderId,
          filledSize: answer.filledSize,
          averagePrice: answer.averagePrice,
          errorCode: null,
          errorMessage: null,
        },
    deps.clock.nowMs(),
  );
  await deps.orders.ackOutbox(clientOrderId, deps.clock.nowMs());
  await request(deps, ORDER_TRACKER_JOB, order, `order ${answer.kind}`, command);
}

/** Tells of a symbol that too many refusals put on HOLD. */
async function alarmHold(deps: ExecuteOrderDeps, ended: Order): Promise<PositionEpoch> {
  const epoch = await deps.orders.epoch(ended.exchange, ended.account, ended.symbol);
  const alert = refusedHoldAlert(ended, epoch);
  if (alert) await quietly(() => deps.alerts.raise(alert));
  return epoch;
}

/** Has the symbol of an order that did not do its work planned again when its time has come. */
async function planAgain(
  deps: ExecuteOrderDeps,
  ended: Order,
  command: OrderCommand,
  settings: GatewaySettings,
): Promise<void> {
  const epoch = await alarmHold(deps, ended);
  const againMs = planAgainMs(ended, epoch, settings.exitRetriesMax);
  if (againMs === null) return;
  await request(deps, RECONCILIATION_JOB, ended, `an order did not get through: ${ended.errorCode}`, command, againMs);
}

const lostAnswer = (errorCode: string, errorMessage: string | null) => ({
  status: 'unknown' as const,
  venueOrderId: null,
  filledSize: '0',
  averagePrice: null,
  errorCode,
  errorMessage,
});

/** Asks for a run, now or later. A refused request costs the time until the schedule, never the order. */
const request = (
  deps: ExecuteOrderDeps,
  job: string,
  order: Order,
  reason: string,
  command: OrderCommand,
  delayMs = 0,
) =>
  quietly(() => {
    const { trace } = command;
    // What it finds was not decided by the tick behind the order: latency counts from when it is due.
    const later = delayMs === 0 ? trace : { ...trace, bornAtMs: deps.clock.nowMs() + delayMs };
    const body = JSON.stringify(runRequest(job, order.exchange, [order.symbol], reason, later));
    return deps.runRequests.send([{ body, ...(delayMs === 0 ? {} : { delaySeconds: Math.ceil(delayMs / 1000) }) }]);
  });

async function quietly(attempt: () => Promise<void>): Promise<void> {
  try {
    await attempt();
  } catch {
    // The order's own record is stored: it is what counts.
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 300);
