import { decimalText, fromMicros, toMicros } from '#shared/core/decimal.ts';
import { type ClientOrderId, isEnded, type Order, type OrderIntent } from '#shared/core/orders/order.ts';
import { decide, exitAttemptsAfter, type OrderEvent } from '#shared/core/orders/order-machine.ts';
import { NO_REFUSALS, REFUSALS_BEFORE_HOLD, REFUSED_HOLD, refusalsAfter } from '#shared/core/orders/refusals.ts';
import { DAY_MS, type EpochMs, slotOf } from '#shared/core/time.ts';
import type {
  OrdersRepository,
  OutboxRow,
  PositionEpoch,
  StoredFill,
} from '#shared/ports/repositories/orders-repository.ts';

type Outbox = OutboxRow & { readonly ackedAtMs: EpochMs | null };
type Idempotency = { readonly key: string; readonly requestHash: string };

const keyOf = (...parts: (string | number)[]): string => JSON.stringify(parts);
const askedFor = ({ symbol, side, size }: Order) => ({ symbol, side, size });
const byCreation = (a: { createdAtMs: number; clientOrderId: string }, b: typeof a): number =>
  a.createdAtMs - b.createdAtMs || (a.clientOrderId < b.clientOrderId ? -1 : 1);

export interface MemoryOrders extends OrdersRepository {
  /** For the double of the cycle's store: an intent with its outbox row, or who was first. */
  storeIntent(
    intent: OrderIntent,
    outboxBody: string,
    idempotency: Idempotency | null,
  ): Promise<'stored' | 'taken' | 'stale-epoch'>;
}

/** In-memory double of orders, outbox, epochs and fills. Each method runs without a gap, as a transaction does. */
export function memoryOrdersRepository(): MemoryOrders {
  const orders = new Map<ClientOrderId, Order>();
  const idempotencies = new Map<ClientOrderId, Idempotency>();
  const outbox = new Map<ClientOrderId, Outbox>();
  const epochs = new Map<string, PositionEpoch>();
  const fills = new Map<string, StoredFill & { readonly exchange: string }>();

  const epochOf = (exchange: string, account: string, symbol: string): PositionEpoch =>
    epochs.get(keyOf(exchange, account, symbol)) ?? {
      exchange,
      account,
      symbol,
      epoch: 0,
      settledAtMs: 0,
      holdReason: null,
      heldAtMs: null,
      exitAttempts: 0,
      leverageSet: null,
      adoptedAtMs: null,
      refusals: NO_REFUSALS,
    };
  const putEpoch = (epoch: PositionEpoch) => {
    epochs.set(keyOf(epoch.exchange, epoch.account, epoch.symbol), epoch);
  };

  const change = (clientOrderId: ClientOrderId, event: OrderEvent): Order | null => {
    const order = orders.get(clientOrderId);
    if (!order) return null;
    const transition = decide(order, event);
    if (transition.kind === 'ignore') return null;
    orders.set(clientOrderId, transition.next);
    return transition.next;
  };

  const ack = (clientOrderId: ClientOrderId, atMs: EpochMs) => {
    const row = outbox.get(clientOrderId);
    if (row) outbox.set(clientOrderId, { ...row, ackedAtMs: row.ackedAtMs ?? atMs });
  };

  const taker = (intent: OrderIntent, idempotency: Idempotency | null): Order | undefined =>
    [...orders.values()].find(
      (o) =>
        o.clientOrderId === intent.clientOrderId ||
        keyOf(o.exchange, o.account, o.symbol, o.epoch, o.leg) ===
          keyOf(intent.exchange, intent.account, intent.symbol, intent.epoch, intent.leg) ||
        (idempotency !== null && idempotencies.get(o.clientOrderId)?.key === idempotency.key),
    );

  const hold = (exchange: string, account: string, symbol: string, reason: string, atMs: EpochMs) => {
    const epoch = epochOf(exchange, account, symbol);
    putEpoch(epoch.holdReason === null ? { ...epoch, holdReason: reason, heldAtMs: atMs } : epoch);
  };

  const unacked = (exchange: string): Outbox[] =>
    [...outbox.values()].filter((row) => row.exchange === exchange && row.ackedAtMs === null).sort(byCreation);

  const fillsOf = (exchange: string, account: string) =>
    [...fills.values()].filter((fill) => fill.exchange === exchange && fill.account === account);
  const plainFill = ({ exchange: _, ...fill }: StoredFill & { readonly exchange: string }): StoredFill => fill;

  return {
    async storeIntent(intent, outboxBody, idempotency) {
      const { epoch } = epochOf(intent.exchange, intent.account, intent.symbol);
      if (epoch !== intent.epoch) return 'stale-epoch';
      const first = taker(intent, idempotency);
      if (first) return first.decisionId === intent.decisionId ? 'stored' : 'taken';
      const { clientOrderId, exchange, account, createdAtMs, expiresAtMs } = intent;
      orders.set(clientOrderId, {
        ...intent,
        status: 'intent',
        venueOrderId: null,
        filledSize: '0',
        averagePrice: null,
        errorCode: null,
        errorMessage: null,
        sentAtMs: null,
        answeredAtMs: null,
        endedAtMs: null,
        venueEndedAtMs: null,
      });
      if (idempotency) idempotencies.set(clientOrderId, idempotency);
      outbox.set(clientOrderId, {
        clientOrderId,
        exchange,
        account,
        body: outboxBody,
        createdAtMs,
        expiresAtMs,
        enqueuedAtMs: null,
        attempts: 0,
        ackedAtMs: null,
      });
      return 'stored';
    },

    find: async (clientOrderId) => orders.get(clientOrderId) ?? null,

    async findByIdempotencyKey(key) {
      for (const [id, idempotency] of idempotencies) {
        if (idempotency.key === key) return { order: orders.get(id)!, requestHash: idempotency.requestHash };
      }
      return null;
    },

    markSending: async (clientOrderId, atMs) => change(clientOrderId, { type: 'sending', atMs }) !== null,

    async recordAnswer(clientOrderId, answer, atMs) {
      change(clientOrderId, { type: 'answered', ...answer, atMs });
    },

    async recordEnd(end, atMs) {
      const ended = change(end.clientOrderId, { type: 'ended', ...end, atMs });
      if (!ended) return false;
      ack(end.clientOrderId, atMs);
      const epoch = epochOf(ended.exchange, ended.account, ended.symbol);
      const attempts = exitAttemptsAfter(ended);
      const after = refusalsAfter(ended);
      const count = epoch.refusals.count + 1;
      const refusals = after === 'reset' ? NO_REFUSALS : { count, code: ended.errorCode, atMs };
      const isHeld = after === 'count-to-hold' && count >= REFUSALS_BEFORE_HOLD && epoch.holdReason === null;
      putEpoch({
        ...epoch,
        epoch: Math.max(epoch.epoch, ended.epoch + 1),
        settledAtMs: Math.max(epoch.settledAtMs, ended.venueEndedAtMs ?? 0),
        exitAttempts: attempts === 'raise' ? epoch.exitAttempts + 1 : attempts === 'reset' ? 0 : epoch.exitAttempts,
        ...(after === 'keep' ? {} : { refusals }),
        ...(isHeld ? { holdReason: REFUSED_HOLD, heldAtMs: atMs } : {}),
      });
      return true;
    },

    working: async (exchange, account) =>
      [...orders.values()]
        .filter((o) => o.exchange === exchange && o.account === account && !isEnded(o.status))
        .sort(byCreation)
        .slice(0, 1000),

    pendingOutbox: async (exchange, nowMs, limit) =>
      unacked(exchange)
        .filter((row) => row.expiresAtMs > nowMs)
        .slice(0, limit)
        .map(({ ackedAtMs: _, ...row }) => row),

    expiredOutbox: async (exchange, nowMs, limit) =>
      unacked(exchange)
        .filter((row) => row.expiresAtMs <= nowMs)
        .slice(0, limit)
        .map(({ clientOrderId }) => ({ clientOrderId, status: orders.get(clientOrderId)!.status })),

    async markEnqueued(clientOrderIds, atMs) {
      for (const id of clientOrderIds) {
        const row = outbox.get(id);
        if (row) outbox.set(id, { ...row, enqueuedAtMs: atMs, attempts: row.attempts + 1 });
      }
    },

    async ackOutbox(clientOrderId, atMs) {
      ack(clientOrderId, atMs);
    },

    epochs: async (exchange, account) =>
      [...epochs.values()]
        .filter((e) => e.exchange === exchange && e.account === account)
        .sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
    epoch: async (exchange, account, symbol) => epochOf(exchange, account, symbol),

    async ownOrders(exchange, account, ids) {
      const own = [...orders.values()].filter(
        (o) =>
          o.exchange === exchange &&
          o.account === account &&
          (ids.clientOrderIds.includes(o.clientOrderId) ||
            (o.venueOrderId !== null && ids.venueOrderIds.includes(o.venueOrderId))),
      );
      return {
        clientOrderIds: new Map(own.map((o) => [o.clientOrderId, askedFor(o)])),
        venueOrderIds: new Map(own.flatMap((o) => (o.venueOrderId === null ? [] : [[o.venueOrderId, askedFor(o)]]))),
      };
    },

    async saveFills(exchange, account, list, atMs) {
      return list.flatMap(({ holdReason, ...fill }) => {
        const key = keyOf(exchange, account, fill.tradeId, fill.venueOrderId);
        if (fills.has(key)) return [];
        fills.set(key, { ...fill, exchange, account });
        if (holdReason) hold(exchange, account, fill.symbol, holdReason, atMs);
        return [fill];
      });
    },

    orderFills: async (exchange, account, ids) =>
      fillsOf(exchange, account)
        .filter(
          (fill) =>
            (fill.clientOrderId !== null && ids.clientOrderIds.includes(fill.clientOrderId)) ||
            ids.venueOrderIds.includes(fill.venueOrderId),
        )
        .sort((a, b) => a.venueTimeMs - b.venueTimeMs || (a.tradeId < b.tradeId ? -1 : 1))
        .map(plainFill),

    fillsSince: async (exchange, account, sinceMs, limit) =>
      fillsOf(exchange, account)
        .filter((fill) => fill.venueTimeMs > sinceMs)
        .sort((a, b) => a.venueTimeMs - b.venueTimeMs || (a.tradeId < b.tradeId ? -1 : 1))
        .slice(0, limit)
        .map(plainFill),

    async newestFillMs(exchange, account) {
      const times = fillsOf(exchange, account).map((fill) => fill.venueTimeMs);
      return times.length === 0 ? null : Math.max(...times);
    },

    async lastFills(exchange, account) {
      const known = fillsOf(exchange, account).filter((fill) => epochs.has(keyOf(exchange, account, fill.symbol)));
      const newest = Map.groupBy(known, (fill) => fill.symbol);
      return [...newest.values()]
        .flatMap((list) => {
          const atMs = Math.max(...list.map((fill) => fill.venueTimeMs));
          return list.filter((fill) => fill.venueTimeMs === atMs);
        })
        .sort((a, b) => (keyOf(a.symbol, a.tradeId) < keyOf(b.symbol, b.tradeId) ? -1 : 1))
        .map(plainFill);
    },

    recentFills: async (exchange, limit) =>
      [...fills.values()]
        .filter((fill) => fill.exchange === exchange)
        .sort((a, b) => b.venueTimeMs - a.venueTimeMs || (a.tradeId > b.tradeId ? -1 : 1))
        .slice(0, limit)
        .map(plainFill),

    async dayTotals(exchange, account, nowMs) {
      const today = fillsOf(exchange, account).filter((fill) => fill.venueTimeMs >= slotOf(nowMs, DAY_MS));
      const sum = (pick: (fill: StoredFill) => string) =>
        decimalText(fromMicros(today.reduce((total, fill) => total + toMicros(pick(fill)), 0)));
      return { realizedPnlQuote: sum((fill) => fill.closedPnlQuote), feesQuote: sum((fill) => fill.feeQuote ?? '0') };
    },

    async recordLeverage(exchange, account, symbol, leverage) {
      putEpoch({ ...epochOf(exchange, account, symbol), leverageSet: leverage });
    },

    async hold(exchange, account, symbol, reason, atMs) {
      hold(exchange, account, symbol, reason, atMs);
    },

    async release(exchange, account, symbol) {
      const epoch = epochs.get(keyOf(exchange, account, symbol));
      if (epoch) putEpoch({ ...epoch, holdReason: null, heldAtMs: null, refusals: NO_REFUSALS });
    },

    async adopt(exchange, account, symbol, atMs) {
      putEpoch({
        ...epochOf(exchange, account, symbol),
        holdReason: null,
        heldAtMs: null,
        refusals: NO_REFUSALS,
        adoptedAtMs: atMs,
      });
    },

    recent: async (exchange, limit) =>
      [...orders.values()]
        .filter((o) => o.exchange === exchange)
        .sort((a, b) => b.createdAtMs - a.createdAtMs || byCreation(a, b))
        .slice(0, limit),
  };
}
