import { feeText } from '#shared/core/orders/fee-text.ts';
import type { Order } from '#shared/core/orders/order.ts';
import { type Refusal, refusal } from '#shared/core/refusal.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { StoredFill } from '#shared/ports/repositories/orders-repository.ts';
import type { DecisionView, ReadModel } from '#shared/ports/repositories/read-model.ts';

const ROWS_MAX = 100;
const FILLS_MAX = 200;

export interface TraceChainDeps {
  readonly readModel: Pick<ReadModel, 'chain' | 'order' | 'fills' | 'decision'>;
}

export interface ChainStep {
  readonly atMs: EpochMs;
  readonly kind: 'born' | 'decision' | 'intent' | 'sent' | 'answered' | 'fill' | 'ended';
  readonly symbol: string | null;
  /** Id of the row that says so: decision, client order id, trade id. */
  readonly id: string | null;
  readonly text: string;
}

export interface Chain {
  readonly correlationId: string;
  /** Arrival of the tick that began it, or when a schedule or a person did; null when it led to no order, which alone says so. */
  readonly bornAtMs: EpochMs | null;
  /** By time; steps of one instant in the order of the chain. */
  readonly steps: readonly ChainStep[];
  readonly decisions: readonly DecisionView[];
  readonly orders: readonly Order[];
  readonly fills: readonly StoredFill[];
}

export type TraceOutcome =
  | { readonly kind: 'traced'; readonly chain: Chain }
  | { readonly kind: 'not-found'; readonly refusal: Refusal };

const ORDER_OF_KINDS: readonly ChainStep['kind'][] = [
  'born',
  'decision',
  'intent',
  'sent',
  'answered',
  'fill',
  'ended',
];

/**
 * `3t trace`: what became of one tick, schedule or hand, from stored rows: decisions, orders, fills. `subject` is a correlation id,
 * or the id of a decision or the client order id of an order whose chain is meant.
 */
export async function traceChain(
  deps: TraceChainDeps,
  input: { readonly exchange: string; readonly account: string; readonly subject: string },
): Promise<TraceOutcome> {
  const { readModel } = deps;
  const { exchange, account, subject } = input;
  const named = subject.startsWith('0x') ? await readModel.order(subject) : null;
  const asked = named?.correlationId ?? subject;
  let chain = await readModel.chain(exchange, account, asked, ROWS_MAX);
  let correlationId = asked;
  if (chain.decisions.length === 0 && chain.orders.length === 0) {
    const decision = await readModel.decision(subject);
    correlationId = decision?.correlationId ?? asked;
    if (decision !== null) chain = await readModel.chain(exchange, account, correlationId, ROWS_MAX);
  }
  const { bornAtMs, decisions: own, orders } = chain;
  if (own.length === 0 && orders.length === 0) {
    const message = `no decision or order of ${subject} is stored`;
    return { kind: 'not-found', refusal: refusal('unknown-chain', message) };
  }
  const decisions = [...own];
  // A decision that was only repeated keeps the id of the chain that first led to it.
  for (const { decisionId } of orders) {
    if (decisions.some(({ id }) => id === decisionId)) continue;
    const decision = await readModel.decision(decisionId);
    if (decision !== null) decisions.push({ ...decision, inputs: null });
  }
  const fills: StoredFill[] = [];
  for (const { clientOrderId } of orders) {
    fills.push(...(await readModel.fills(exchange, account, { clientOrderId, limit: FILLS_MAX })));
  }
  const steps = [
    ...(bornAtMs === null
      ? []
      : [step(bornAtMs, 'born', null, null, 'tick received, or asked for by schedule or hand')]),
    ...decisions.map(decisionStep),
    ...orders.flatMap(orderSteps),
    ...fills.map(fillStep),
  ].sort((a, b) => a.atMs - b.atMs || ORDER_OF_KINDS.indexOf(a.kind) - ORDER_OF_KINDS.indexOf(b.kind));
  return { kind: 'traced', chain: { correlationId, bornAtMs, steps, decisions, orders, fills } };
}

const step = (
  atMs: EpochMs,
  kind: ChainStep['kind'],
  symbol: string | null,
  id: string | null,
  text: string,
): ChainStep => ({ atMs, kind, symbol, id, text });

function decisionStep({ createdAtMs, symbol, id, kind, code, message, episodeCount }: DecisionView): ChainStep {
  const again = episodeCount > 1 ? `, ${episodeCount} times` : '';
  return step(createdAtMs, 'decision', symbol, id, `${kind} ${code}${again}: ${message}`);
}

function orderSteps(order: Order): ChainStep[] {
  const { symbol, clientOrderId: id, status } = order;
  const steps = [
    step(
      order.createdAtMs,
      'intent',
      symbol,
      id,
      `${order.orderClass}: ${order.side} ${order.size} at ${order.limitPrice} ${order.timeInForce}${order.reduceOnly ? ' reduce-only' : ''}`,
    ),
  ];
  if (order.sentAtMs !== null) steps.push(step(order.sentAtMs, 'sent', symbol, id, 'handed to the venue'));
  if (order.answeredAtMs !== null) {
    const venueId = order.venueOrderId === null ? '' : `, its id ${order.venueOrderId}`;
    steps.push(step(order.answeredAtMs, 'answered', symbol, id, `the venue answered${venueId}`));
  }
  if (order.endedAtMs !== null) {
    const price = order.averagePrice === null ? '' : ` at ${order.averagePrice}`;
    const error = order.errorCode === null ? '' : `; ${order.errorCode}: ${order.errorMessage ?? ''}`;
    steps.push(step(order.endedAtMs, 'ended', symbol, id, `${status}, filled ${order.filledSize}${price}${error}`));
  }
  return steps;
}

const fillStep = (fill: StoredFill): ChainStep =>
  step(
    fill.venueTimeMs,
    'fill',
    fill.symbol,
    fill.tradeId,
    `${fill.side} ${fill.size} at ${fill.price}, fee ${feeText(fill)}, profit ${fill.closedPnlQuote}`,
  );
