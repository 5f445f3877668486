import { isDue } from '#shared/core/age.ts';
import { dec, decimalText, ZERO } from '#shared/core/decimal.ts';
import { bookedPosition } from '#shared/core/orders/booked-position.ts';
import { isEnded, type Order } from '#shared/core/orders/order.ts';
import { NO_REFUSALS } from '#shared/core/orders/refusals.ts';
import { parseTrackerMemory, watchedSymbols } from '#shared/core/orders/tracker-memory.ts';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { CycleOrder, PreviousDecision } from '#shared/core/reconciliation/cycle-inputs.ts';
import { DAY_MS, MINUTE_MS, slotOf } from '#shared/core/time.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { PricesRepository } from '#shared/ports/repositories/prices-repository.ts';
import type {
  CycleQuery,
  CycleRows,
  CycleSymbolRow,
  ReconciliationRepository,
} from '#shared/ports/repositories/reconciliation-repository.ts';
import type { RunsRepository } from '#shared/ports/repositories/runs-repository.ts';
import type { MemoryOrders } from './orders-repository.ts';

/** The other memory doubles: a cycle reads what they hold. */
export interface MemoryCycleSources {
  readonly instruments: Pick<InstrumentsRepository, 'products'>;
  readonly prices: Pick<PricesRepository, 'latest'>;
  readonly orders: Pick<MemoryOrders, 'epochs' | 'working' | 'recent' | 'recentFills' | 'lastFills' | 'storeIntent'>;
  readonly accounts: Pick<AccountRepository, 'latest'>;
  readonly runs: Pick<RunsRepository, 'cohortHealth' | 'takeProfitState'>;
  readonly jobs: Pick<JobStateRepository, 'all'>;
}

/** A decision as it is kept: the last entry of its episode. */
export interface KeptDecision extends CycleDecision {
  readonly exchange: string;
  readonly account: string;
  readonly createdAtMs: number;
  readonly lastAtMs: number;
}

const LOOK_BACK_MAX = 1000;

/** In-memory double over the other doubles. `decisions` is what was stored, oldest episode first. */
export function memoryReconciliationRepository(
  sources: MemoryCycleSources,
): ReconciliationRepository & { readonly decisions: () => readonly KeptDecision[] } {
  const kept = new Map<string, KeptDecision>();
  return {
    decisions: () => [...kept.values()],

    async readCycle(query) {
      const { exchange, account } = query;
      const symbols = await readSymbols(sources, query);
      const snapshot = await sources.accounts.latest(exchange, account);
      const newest = new Map<string, PreviousDecision>();
      for (const d of kept.values()) if (d.exchange === exchange && d.account === account) newest.set(d.symbol, d);
      const asked = new Set([
        ...symbols.map((s) => s.instrument.symbol),
        ...(snapshot?.positions ?? []).map((p) => p.symbol),
      ]);
      return {
        symbols,
        orders: await readOrders(sources, query, snapshot?.venueTimeMs ?? null),
        previous: [...newest.values()]
          .filter((d) => asked.has(d.symbol))
          .map(({ id, symbol, kind, code, epoch, episodeCount }) => ({ id, symbol, kind, code, epoch, episodeCount }))
          .sort((a, b) => (a.symbol < b.symbol ? -1 : 1)),
        ...(await readFigures(sources, query)),
      };
    },

    async saveCycle({ exchange, account, decisions, outboxBodies, idempotency, atMs }) {
      const stored: CycleDecision['cancels'][number][] = [];
      const superseded: { clientOrderId: (typeof stored)[number]; reason: 'taken' | 'stale-epoch' }[] = [];
      for (const decision of decisions) {
        let entry: CycleDecision = decision;
        if (decision.intent !== null) {
          const { clientOrderId } = decision.intent;
          const outcome = await sources.orders.storeIntent(
            decision.intent,
            outboxBodies.get(clientOrderId) ?? '',
            idempotency ?? null,
          );
          if (outcome === 'stored') stored.push(clientOrderId);
          else {
            superseded.push({ clientOrderId, reason: outcome });
            entry = { ...decision, kind: 'superseded', code: outcome };
          }
        }
        const before = kept.get(entry.id);
        kept.set(entry.id, {
          ...entry,
          exchange,
          account,
          episodeCount: (before?.episodeCount ?? 0) + 1,
          createdAtMs: before?.createdAtMs ?? atMs,
          lastAtMs: atMs,
        });
      }
      return { stored, superseded };
    },
  };
}

async function readSymbols(sources: MemoryCycleSources, query: CycleQuery): Promise<readonly CycleSymbolRow[]> {
  const { exchange, account } = query;
  const prices = await sources.prices.latest(exchange);
  const health = await sources.runs.cohortHealth(exchange);
  const epochs = new Map((await sources.orders.epochs(exchange, account)).map((e) => [e.symbol, e]));
  const fillsOf = Map.groupBy(await sources.orders.lastFills(exchange, account), (fill) => fill.symbol);
  const tracker = (await sources.jobs.all()).find((job) => job.job === query.trackerJob);
  const pending = watchedSymbols(parseTrackerMemory(tracker?.detail));
  return (await sources.instruments.products(exchange)).map(
    ({ instrument, managed, leverage, managedSinceMs, takeover }) => {
      const price = prices.get(instrument.symbol);
      const epoch = epochs.get(instrument.symbol);
      const last = price && price.tradeId !== '' ? { price: price.price, venueTimeMs: price.venueTimeMs } : null;
      const mark =
        price && price.markPrice !== null && price.markTimeMs !== null
          ? { price: price.markPrice, timeMs: price.markTimeMs }
          : null;
      return {
        instrument,
        managed,
        leverage,
        managedSinceMs,
        takeover,
        price: last === null && mark === null ? null : { last, mark },
        dataState: health.get(instrument.symbol)?.dataState ?? null,
        epoch: epoch?.epoch ?? 0,
        settledAtMs: epoch?.settledAtMs ?? 0,
        holdReason: epoch?.holdReason ?? null,
        exitAttempts: epoch?.exitAttempts ?? 0,
        refusals: epoch?.refusals ?? NO_REFUSALS,
        booked: bookedPosition(fillsOf.get(instrument.symbol) ?? [], epoch?.adoptedAtMs ?? null),
        mismatchPending: pending.has(instrument.symbol),
      };
    },
  );
}

async function readOrders(
  sources: MemoryCycleSources,
  query: CycleQuery,
  snapshotMs: number | null,
): Promise<readonly CycleOrder[]> {
  const { exchange, account } = query;
  const working = await sources.orders.working(exchange, account);
  const ended = (await sources.orders.recent(exchange, LOOK_BACK_MAX)).filter(
    (o) =>
      o.account === account &&
      isEnded(o.status) &&
      snapshotMs !== null &&
      o.venueEndedAtMs !== null &&
      o.venueEndedAtMs >= snapshotMs,
  );
  return [...working, ...ended].map(toCycleOrder).sort((a, b) => (a.clientOrderId < b.clientOrderId ? -1 : 1));
}

const toCycleOrder = (order: Order): CycleOrder => ({
  clientOrderId: order.clientOrderId,
  symbol: order.symbol,
  orderClass: order.orderClass,
  side: order.side,
  size: order.size,
  filledSize: order.filledSize,
  limitPrice: order.limitPrice,
  status: order.status,
  epoch: order.epoch,
});

async function readFigures(
  sources: MemoryCycleSources,
  query: CycleQuery,
): Promise<Pick<CycleRows, 'latched' | 'supervisorOkAtMs' | 'activity'>> {
  const { exchange, account, nowMs } = query;
  const orders = await sources.orders.recent(exchange, LOOK_BACK_MAX);
  const sent = orders.filter(
    (o) => o.account === account && o.sentAtMs !== null && !isDue(o.sentAtMs, nowMs, MINUTE_MS),
  );
  const fills = (await sources.orders.recentFills(exchange, LOOK_BACK_MAX)).filter(
    (f) => f.account === account && f.venueTimeMs >= slotOf(nowMs, DAY_MS),
  );
  const job = (await sources.jobs.all()).find((j) => j.job === query.supervisorJob);
  const sum = (values: readonly string[]) => decimalText(values.reduce((total, v) => total.plus(dec(v)), ZERO));
  return {
    latched: (await sources.runs.takeProfitState(exchange, account))?.latched ?? null,
    supervisorOkAtMs: job && job.lastOkMs > 0 ? job.lastOkMs : null,
    activity: {
      ordersLastMinute: sent.length,
      realizedPnlTodayQuote: sum(fills.map((f) => f.closedPnlQuote)),
      feesTodayQuote: sum(fills.map((f) => f.feeQuote ?? '0')),
    },
  };
}
