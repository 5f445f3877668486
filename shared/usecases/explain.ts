import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';
import { feeText } from '#shared/core/orders/fee-text.ts';
import type { Order } from '#shared/core/orders/order.ts';
import { type ExplanationSection, explainDecision } from '#shared/core/reconciliation/explain-decision.ts';
import { type Refusal, refusal } from '#shared/core/refusal.ts';
import { causeFor, feedTroubleOf } from '#shared/messages/feed-status.ts';
import type { StoredFill } from '#shared/ports/repositories/orders-repository.ts';
import type { DecisionView, ReadModel } from '#shared/ports/repositories/read-model.ts';

const FILLS_MAX = 200;

export interface ExplainDeps {
  readonly readModel: Pick<ReadModel, 'overview' | 'order' | 'fills' | 'decision' | 'latestDecision'>;
}

export interface Explanation {
  readonly symbol: string;
  readonly decision: DecisionView | null;
  readonly sections: readonly ExplanationSection[];
  readonly order: Order | null;
  /** Of the order, newest first. */
  readonly fills: readonly StoredFill[];
}

export type ExplainOutcome =
  | { readonly kind: 'explained'; readonly explanation: Explanation }
  | { readonly kind: 'not-found'; readonly refusal: Refusal };

/** `3t why`: the newest decision of a symbol, one by its id, or the one behind an order, with its order and fills, from stored rows alone. */
export async function explain(
  deps: ExplainDeps,
  input: { readonly exchange: string; readonly account: string; readonly subject: string },
): Promise<ExplainOutcome> {
  const { exchange, account, subject } = input;
  const isOrder = subject.startsWith('0x');
  const order = isOrder ? await deps.readModel.order(subject) : null;
  if (isOrder && !order) return notFound('unknown-order', `no order ${subject} is stored`);
  const overview = order === null ? await deps.readModel.overview(exchange, account) : null;
  const known = order?.symbol ?? resolveSymbol(overview?.symbols ?? [], subject);
  const named = known === null ? await deps.readModel.decision(subject) : null;
  const symbol = known ?? named?.symbol ?? null;
  if (symbol === null) {
    return notFound('unknown-symbol', `${subject} is no managed symbol, order id or decision id`);
  }
  const decision =
    named ??
    (order
      ? await deps.readModel.decision(order.decisionId)
      : await deps.readModel.latestDecision(exchange, account, symbol));
  const cause = causeFor(feedTroubleOf(overview?.jobs ?? []), symbol);
  if (!order && !decision) {
    return notFound('no-decision', `nothing was decided about ${symbol} yet${cause === null ? '' : `; ${cause}`}`);
  }
  const decided = order ?? (decision?.clientOrderId ? await deps.readModel.order(decision.clientOrderId) : null);
  const fills = decided
    ? await deps.readModel.fills(exchange, account, { clientOrderId: decided.clientOrderId, limit: FILLS_MAX })
    : [];
  const sections = [
    ...(cause === null
      ? []
      : [{ title: 'Price feed', lines: [cause, 'what the decision says of data follows from that'] }]),
    ...(decision ? [{ title: 'When', lines: [decidedAt(decision)] }, ...explainDecision(decision)] : []),
    ...(decided ? [{ title: 'Order', lines: orderLines(decided, fills) }] : []),
  ];
  return { kind: 'explained', explanation: { symbol, decision, sections, order: decided, fills } };
}

const utc = (atMs: number): string => `${new Date(atMs).toISOString().replace('T', ' ').slice(0, 19)} UTC`;

const decidedAt = ({ id, createdAtMs, lastAtMs, episodeCount }: DecisionView): string =>
  `decision ${id} of ${utc(createdAtMs)}${episodeCount > 1 ? `, the same until ${utc(lastAtMs)}` : ''}`;

const notFound = (code: string, message: string): ExplainOutcome => ({
  kind: 'not-found',
  refusal: refusal(code, message),
});

function orderLines(order: Order, fills: readonly StoredFill[]): string[] {
  const lines = [
    `${order.clientOrderId}: ${order.side} ${order.size} at ${order.limitPrice} ${order.timeInForce}${order.reduceOnly ? ' reduce-only' : ''}, class ${order.orderClass}, epoch ${order.epoch}`,
    `${order.status}, filled ${order.filledSize}${order.averagePrice === null ? '' : ` at ${order.averagePrice}`}`,
  ];
  if (order.errorCode !== null) lines.push(`${order.errorCode}: ${order.errorMessage ?? ''}`);
  const sentMs = order.sentAtMs === null ? null : order.sentAtMs - order.createdAtMs;
  const answerMs = order.sentAtMs === null || order.answeredAtMs === null ? null : order.answeredAtMs - order.sentAtMs;
  lines.push(
    sentMs === null
      ? 'never sent'
      : `sent ${sentMs} ms after the decision, ${answerMs === null ? 'no answer stored' : `answered after ${answerMs} ms`}`,
  );
  for (const fill of fills) {
    lines.push(
      `fill ${fill.tradeId}: ${fill.side} ${fill.size} at ${fill.price}, fee ${feeText(fill)}, profit ${fill.closedPnlQuote}`,
    );
  }
  return lines;
}
