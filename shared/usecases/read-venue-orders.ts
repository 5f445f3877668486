import { isDue, isFromFuture } from '#shared/core/age.ts';
import type { OddRow } from '#shared/core/odd-row.ts';
import type { ClientOrderId, Order } from '#shared/core/orders/order.ts';
import { fitsOrder } from '#shared/core/orders/resolve-unknown.ts';
import { parseTrackerMemory, type TrackerMemory } from '#shared/core/orders/tracker-memory.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { type AccountReader, ExchangeError, type OrderLookup, type VenueFill } from '#shared/ports/exchange.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { VenueClock } from '#shared/ports/venue-clock.ts';
import type { VenueView } from '#shared/ports/venue-view.ts';

export interface ReadVenueOrdersDeps {
  readonly orders: Pick<OrdersRepository, 'working' | 'epochs' | 'newestFillMs' | 'ownOrders'>;
  readonly reader: Pick<AccountReader, 'fetchOpenOrders' | 'fetchOrder' | 'fetchFills'>;
  readonly jobs: Pick<JobStateRepository, 'all'>;
  readonly venueClock: VenueClock;
  readonly accounts: Pick<AccountRepository, 'latest'>;
  readonly instruments: Pick<InstrumentsRepository, 'products'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface ReadVenueOrdersInput {
  readonly exchange: string;
  readonly account: string;
  /** Row of `exchange_jobs` that holds the tracker's memory. */
  readonly memoryJob: string;
  /** False for a request out of turn: with nothing at work it asks the venue nothing. */
  readonly scheduled: boolean;
  /** Order status queries in one run; more orders take turns. */
  readonly lookupsMax: number;
  /** Fills are read again from this long before the newest known one: some become visible late. */
  readonly fillsOverlapMs: number;
  /** All open orders are read this often even when nothing of ours is at work: somebody else's count. */
  readonly openOrdersEveryMs: number;
}

const FILL_PAGES_MAX = 5;

type Lookups = Map<ClientOrderId, OrderLookup | { readonly kind: 'failed' }>;

/** Counts questions and keeps what went wrong with them. */
interface Asking {
  calls: number;
  readonly errors: string[];
}

/**
 * Asks the venue what became of the orders that were sent and what was filled. A few statements and, with nothing at work, one
 * call (none out of turn): fills, or now and then the open orders instead. A question that fails is an absent answer.
 */
export async function readVenueOrders(deps: ReadVenueOrdersDeps, input: ReadVenueOrdersInput): Promise<VenueView> {
  const { exchange, account } = input;
  const startedAtMs = deps.clock.nowMs();
  const working = await deps.orders.working(exchange, account);
  const epochs = new Map((await deps.orders.epochs(exchange, account)).map((epoch) => [epoch.symbol, epoch]));
  const memory = await recall(deps, input, working, startedAtMs);
  const storedFillMs = await deps.orders.newestFillMs(exchange, account);
  // Reading on from a fill of the future would read nothing until then.
  const newestFillMs = storedFillMs === null ? null : Math.min(storedFillMs, startedAtMs);
  const asking: Asking = { calls: 0, errors: [] };

  const sent = working.filter((order) => order.status !== 'intent');
  // Only such an order may be called ended because nobody knows it.
  const mayBeOver = ({ status, expiresAtMs }: Order) =>
    status === 'sending' || status === 'unknown' || startedAtMs > expiresAtMs;
  const isOpenQuestion = sent.some(mayBeOver);
  const venueFromMs = isOpenQuestion ? await leastVenueTime(deps, input, asking) : null;
  const lookups = await lookUp(deps, input, asking, itsTurn(sent, input.lookupsMax, startedAtMs));
  const unresolved = sent.filter((order) => {
    const lookup = lookups.get(order.clientOrderId);
    return lookup !== undefined && !(lookup.kind === 'found' && fitsOrder(order, lookup.order));
  });
  const openOrdersDue = input.scheduled && isDue(memory.openOrdersAtMs, startedAtMs, input.openOrdersEveryMs);
  const openOrders =
    unresolved.length > 0 || openOrdersDue ? await ask(asking, () => deps.reader.fetchOpenOrders(account)) : null;
  const fillsDue = input.scheduled && !(sent.length === 0 && openOrdersDue);
  const read =
    fillsDue || unresolved.length > 0 || hasProgress(sent, lookups)
      ? await readFills(deps, input, asking, sent, sinceWhen(unresolved, memory, newestFillMs, input.fillsOverlapMs))
      : null;

  const things = [...(read?.fills ?? []), ...(openOrders?.rows ?? [])];
  const clientOrderIds = things.flatMap((thing) => (thing.clientOrderId === null ? [] : [thing.clientOrderId]));
  const venueOrderIds = things.map((thing) => thing.venueOrderId);
  return {
    startedAtMs,
    venueFromMs,
    working,
    epochs,
    memory,
    newestFillMs,
    lookups,
    openOrders: openOrders?.rows ?? null,
    fills: read?.fills ?? null,
    odd: [...(read?.odd ?? []), ...(openOrders?.odd ?? [])],
    fillsComplete: read?.complete ?? false,
    own:
      things.length === 0
        ? { clientOrderIds: new Map(), venueOrderIds: new Map() }
        : await deps.orders.ownOrders(exchange, account, { clientOrderIds, venueOrderIds }),
    venueCalls: asking.calls,
    errors: asking.errors,
  };
}

/** Where the venue's clock tells nothing, it shows at least the time of the newest view of the account: else no lost exit would ever end. */
async function leastVenueTime(
  deps: ReadVenueOrdersDeps,
  { exchange, account }: ReadVenueOrdersInput,
  asking: Asking,
): Promise<EpochMs | null> {
  const toldMs = await ask(asking, () => deps.venueClock.venueTimeMs());
  return toldMs ?? (await deps.accounts.latest(exchange, account))?.venueTimeMs ?? null;
}

async function recall(
  deps: ReadVenueOrdersDeps,
  input: ReadVenueOrdersInput,
  working: readonly Order[],
  nowMs: EpochMs,
): Promise<TrackerMemory> {
  const stored = (await deps.jobs.all()).find((state) => state.job === input.memoryJob);
  const memory = parseTrackerMemory(stored?.detail);
  // Begun by a clock that was ahead: until then every fill would count as history.
  if (memory) return isFromFuture(memory.sinceMs, nowMs) ? { ...memory, sinceMs: nowMs } : memory;
  // The first run on this account: what was traded before our first order is history, not interference.
  const sinceMs = working.reduce((oldest, order) => Math.min(oldest, order.createdAtMs), nowMs);
  return { sinceMs, openOrdersAtMs: 0, mismatches: {}, breaks: {} };
}

async function ask<T>(asking: Asking, question: () => Promise<T>): Promise<T | null> {
  asking.calls += 1;
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    asking.errors.push(`${error.kind}: ${error.message}`.slice(0, 300));
    return null;
  }
}

/** Orders take turns when there are more than may be asked for: the run's second decides where to begin. */
function itsTurn(sent: readonly Order[], max: number, nowMs: EpochMs): readonly Order[] {
  if (sent.length <= max) return sent;
  const from = (Math.floor(nowMs / 1000) * max) % sent.length;
  return [...sent.slice(from), ...sent.slice(0, from)].slice(0, max);
}

async function lookUp(
  deps: ReadVenueOrdersDeps,
  input: ReadVenueOrdersInput,
  asking: Asking,
  orders: readonly Order[],
): Promise<Lookups> {
  const lookups: Lookups = new Map();
  for (const { clientOrderId, symbol } of orders) {
    const lookup = await ask(asking, () => deps.reader.fetchOrder(input.account, symbol, clientOrderId));
    lookups.set(clientOrderId, lookup ?? { kind: 'failed' });
  }
  return lookups;
}

/** An order that rests as it did has no new fills. */
const hasProgress = (sent: readonly Order[], lookups: Lookups): boolean =>
  sent.some((order) => {
    const lookup = lookups.get(order.clientOrderId);
    return lookup?.kind === 'found' && !(lookup.order.status === 'open' && order.status === 'open');
  });

function sinceWhen(
  unresolved: readonly Order[],
  memory: TrackerMemory,
  newestFillMs: EpochMs | null,
  overlapMs: number,
): EpochMs {
  const base = newestFillMs === null ? memory.sinceMs : Math.max(memory.sinceMs, newestFillMs - overlapMs);
  return Math.max(
    0,
    unresolved.reduce((oldest, order) => Math.min(oldest, order.createdAtMs - overlapMs), base),
  );
}

interface ReadFills {
  readonly fills: readonly VenueFill[];
  readonly odd: readonly OddRow[];
  readonly complete: boolean;
}

async function readFills(
  deps: ReadVenueOrdersDeps,
  input: ReadVenueOrdersInput,
  asking: Asking,
  sent: readonly Order[],
  sinceMs: EpochMs,
): Promise<ReadFills | null> {
  const products = await deps.instruments.products(input.exchange);
  // An order may still work on a symbol that nobody manages any more: without its fills it would count as never accepted.
  const symbols = [
    ...new Set([...products, ...sent].map((one) => ('instrument' in one ? one.instrument.symbol : one.symbol))),
  ];
  const fills: VenueFill[] = [];
  const odd: OddRow[] = [];
  let fromMs = sinceMs;
  for (let page = 0; page < FILL_PAGES_MAX; page += 1) {
    const pageFromMs = fromMs;
    const list = await ask(asking, () => deps.reader.fetchFills(input.account, symbols, pageFromMs));
    if (list === null) return page === 0 ? null : { fills, odd, complete: false };
    fills.push(...list.rows);
    odd.push(...list.odd);
    if (list.nextFromMs === null) return { fills, odd, complete: true };
    fromMs = list.nextFromMs;
  }
  asking.errors.push(`more than ${FILL_PAGES_MAX} pages of fills at once: the next run goes on`);
  return { fills, odd, complete: false };
}
