import { dec } from '#shared/core/decimal.ts';
import type { Timeframe } from '#shared/core/time.ts';
import type { Bar } from '../prices/candle-book.ts';
import { NonceWindow } from '../signers/nonce-window.ts';
import { rememberOrder } from '../venue/account-orders.ts';
import { keepHistory } from '../venue/clearing.ts';
import type { EquityPoint } from '../venue/equity-history.ts';
import {
  type Account,
  type Agent,
  type Counters,
  type LedgerEvent,
  MAX_EVENTS,
  type MarketState,
  type PathPoint,
  type Position,
  type SimOrder,
  TAPE_KEPT,
  type WireFill,
  type WireTrade,
  type World,
} from '../venue/world.ts';
import type { Commit, StateStore } from './state-store.ts';

const CANDLES_LOADED = 60_000;

/** Decimals become text by themselves (`toJSON`); maps and sets are written as lists. */
const accountBody = (account: Account): string =>
  JSON.stringify({
    subs: [...account.subs].map(([dex, sub]) => [dex, { rawQuote: sub.rawQuote, positions: [...sub.positions] }]),
    leverage: [...account.leverage],
    mode: account.mode,
    feesPaid: account.feesPaid,
    fundingReceived: account.fundingReceived,
    depositedQuote: account.depositedQuote,
    requestsUsed: account.requestsUsed,
    builderFees: [...account.builderFees],
    scheduledCancelAtMs: account.scheduledCancelAtMs,
    scheduledTriggers: account.scheduledTriggers,
  });

const marketBody = (market: MarketState): string =>
  JSON.stringify({
    price: market.price,
    lastTradeMs: market.lastTradeMs,
    ticks: market.ticks,
    consumedBids: market.consumedBids,
    consumedAsks: market.consumedAsks,
    running: market.candles.running('1m'),
  });

export const headBody = (world: World): string => JSON.stringify({ nowMs: world.nowMs, counters: world.counters });

export const marketRow = (market: MarketState) => ({ key: `market ${market.spec.coin}`, body: marketBody(market) });

/** Rows of everything that changed since the last commit. */
export function dirtyCommit(world: World, extra: Commit['values']): Commit {
  const { dirty } = world;
  const values = [...extra];
  for (const account of dirty.accounts) {
    values.push({ key: `account ${account.spec.address}`, body: accountBody(account) });
  }
  for (const signer of dirty.nonces) values.push({ key: `nonces ${signer}`, body: noncesBody(world, signer) });
  for (const { user, point } of dirty.equity) {
    values.push({ key: `equity ${user} ${point.atMs}`, body: JSON.stringify(point) });
  }
  if (dirty.agents) values.push({ key: 'agents', body: JSON.stringify([...world.agents]) });
  if (dirty.counters || dirty.clock) values.push({ key: 'head', body: headBody(world) });
  return {
    values,
    orders: [...dirty.orders].map((order) => ({ oid: order.oid, body: JSON.stringify(order) })),
    fills: dirty.fills.map(({ user, fill, path }) => ({ tid: fill.tid, user, body: JSON.stringify({ fill, path }) })),
    events: dirty.events.map((event) => JSON.stringify(event)),
    candles: dirty.candles.map(({ coin, bar }) => ({ coin, t: bar.t, body: JSON.stringify(bar) })),
    trades: dirty.trades.map(({ coin, slot, trade }) => ({ coin, slot, body: JSON.stringify(trade) })),
  };
}

/** Rows of everything: the first commit of a file made from a simulator without one. */
export function fullCommit(world: World, extra: Commit['values']): Commit {
  for (const account of world.accounts.values()) world.dirty.accounts.add(account);
  for (const signer of world.nonces.keys()) world.dirty.nonces.add(signer);
  for (const order of world.orders.values()) world.dirty.orders.add(order);
  world.dirty.counters = true;
  world.dirty.agents = true;
  for (const account of world.accounts.values()) {
    for (const point of account.equity) world.dirty.equity.push({ user: account.spec.address, point });
  }
  const series = world.markets
    .filter((market) => market.candles.oneMinuteBars().length > 0)
    .map((market) => ({ key: `series ${market.spec.coin}`, body: JSON.stringify(market.candles.allBars()) }));
  const changes = dirtyCommit(world, [...extra, ...world.markets.map(marketRow), ...series]);
  const fills = [...world.accounts.values()].flatMap((account) => {
    const paths = new Map([...account.paths.values()].flat().map((path) => [path.tid, path]));
    return account.fills.map((fill) => ({
      tid: fill.tid,
      user: account.spec.address,
      body: JSON.stringify({ fill, path: paths.get(fill.tid) ?? null }),
    }));
  });
  const trades = world.markets.flatMap((market) =>
    market.tape.slice(-TAPE_KEPT).map((trade, i, kept) => ({
      coin: market.spec.coin,
      slot: (market.ticks - (kept.length - 1 - i)) % TAPE_KEPT,
      body: JSON.stringify(trade),
    })),
  );
  return { ...changes, fills, trades, events: world.events.map((event) => JSON.stringify(event)) };
}

const noncesBody = (world: World, signer: string): string => JSON.stringify(world.nonces.get(signer)?.values() ?? []);

/** Fills an empty world from a store; false when the store is new. */
export function loadWorld(world: World, store: StateStore, values: ReadonlyMap<string, string>): boolean {
  const head = values.get('head');
  if (head === undefined) return false;
  const { nowMs, counters } = JSON.parse(head) as { nowMs: number; counters: Counters };
  world.nowMs = nowMs;
  Object.assign(world.counters, counters, { insurance: dec(counters.insurance) });
  for (const market of world.markets) loadMarket(market, store, values);
  for (const account of world.accounts.values()) {
    const body = values.get(`account ${account.spec.address}`);
    if (body !== undefined) loadAccount(account, JSON.parse(body) as SavedAccount);
  }
  for (const [key, body] of values) {
    const [, user] = /^equity (\S+) /.exec(key) ?? [];
    if (user !== undefined) world.accounts.get(user)?.equity.push(JSON.parse(body) as EquityPoint);
  }
  for (const account of world.accounts.values()) account.equity.sort((a, b) => a.atMs - b.atMs);
  const agents = values.get('agents');
  if (agents !== undefined) loadAgents(world, JSON.parse(agents) as [string, Agent][]);
  for (const signer of world.signers.keys()) {
    const body = values.get(`nonces ${signer}`);
    if (body !== undefined) world.nonces.set(signer, new NonceWindow(JSON.parse(body) as number[]));
  }
  for (const body of store.orders()) {
    const order = reviveOrder(JSON.parse(body) as SimOrder);
    rememberOrder(world, order);
    if (order.status === 'open') world.byCoin.get(order.coin)?.resting.add(order);
  }
  for (const { user, body } of store.fills()) {
    const account = world.accounts.get(user);
    const { fill, path } = JSON.parse(body) as { fill: WireFill; path: PathPoint | null };
    if (!account) continue;
    account.traded.note(fill.time, dec(fill.px).times(fill.sz), fill.crossed);
    account.fills.push(fill);
    if (path === null) continue;
    const steps = account.paths.get(fill.coin) ?? [];
    steps.push(path);
    account.paths.set(fill.coin, steps);
  }
  for (const body of store.events(MAX_EVENTS)) world.events.push(JSON.parse(body) as LedgerEvent);
  for (const account of world.accounts.values()) keepHistory(world, account);
  return true;
}

function loadAgents(world: World, agents: readonly [string, Agent][]): void {
  for (const address of world.agents.keys()) world.signers.delete(address);
  world.agents.clear();
  for (const [address, agent] of agents) {
    world.agents.set(address, agent);
    world.signers.set(address, agent.master);
  }
}

interface SavedAccount {
  readonly subs: readonly [
    string,
    { rawQuote: string; positions: readonly [string, Record<string, string | null>][] },
  ][];
  readonly leverage: readonly [string, { isolated: boolean; value: number }][];
  readonly mode?: string;
  readonly feesPaid: string;
  readonly fundingReceived: string;
  readonly depositedQuote: string;
  readonly requestsUsed?: number;
  readonly builderFees?: readonly [string, number][];
  readonly scheduledCancelAtMs: number | null;
  readonly scheduledTriggers: { day: number; count: number };
}

function loadAccount(account: Account, saved: SavedAccount): void {
  for (const [dex, sub] of saved.subs) {
    const positions = sub.positions.map(([coin, position]) => [coin, revivePosition(position)] as const);
    account.subs.set(dex, { rawQuote: dec(sub.rawQuote), positions: new Map(positions) });
  }
  for (const [coin, leverage] of saved.leverage) account.leverage.set(coin, leverage);
  account.mode = saved.mode ?? account.mode;
  account.feesPaid = dec(saved.feesPaid);
  account.fundingReceived = dec(saved.fundingReceived);
  account.depositedQuote = dec(saved.depositedQuote);
  account.requestsUsed = saved.requestsUsed ?? 0;
  for (const [builder, tenths] of saved.builderFees ?? []) account.builderFees.set(builder, tenths);
  account.scheduledCancelAtMs = saved.scheduledCancelAtMs;
  account.scheduledTriggers = saved.scheduledTriggers;
}

const revivePosition = (saved: Record<string, string | null>): Position => ({
  size: dec(saved.size as string),
  entryPrice: dec(saved.entryPrice as string),
  isolatedRaw: saved.isolatedRaw == null ? null : dec(saved.isolatedRaw),
  fundingAllTime: dec(saved.fundingAllTime as string),
  fundingSinceOpen: dec(saved.fundingSinceOpen as string),
  fundingSinceChange: dec(saved.fundingSinceChange as string),
});

const reviveOrder = (saved: SimOrder): SimOrder => ({
  ...saved,
  builderFeeTenths: saved.builderFeeTenths ?? 0,
  limitPx: dec(saved.limitPx),
  origSz: dec(saved.origSz),
  remaining: dec(saved.remaining),
  filled: dec(saved.filled),
  cost: dec(saved.cost),
  asked: saved.asked === null ? null : { low: dec(saved.asked.low), high: dec(saved.asked.high) },
  positionAtAcceptance: dec(saved.positionAtAcceptance),
});

function loadMarket(market: MarketState, store: StateStore, values: ReadonlyMap<string, string>): void {
  const body = values.get(`market ${market.spec.coin}`);
  const series = values.get(`series ${market.spec.coin}`);
  if (series === undefined) {
    for (const text of store.candles(market.spec.coin, CANDLES_LOADED)) addBar(market, JSON.parse(text) as Bar);
  } else market.candles.load(JSON.parse(series) as [Timeframe, Bar[]][]);
  if (body === undefined) return;
  const { running, consumedBids, consumedAsks, ...rest } = JSON.parse(body) as Omit<
    MarketState,
    'consumedBids' | 'consumedAsks'
  > & { running: Bar | null; consumedBids: string; consumedAsks: string };
  Object.assign(market, rest, { consumedBids: dec(consumedBids), consumedAsks: dec(consumedAsks) });
  const trades = store.trades(market.spec.coin).map((text) => JSON.parse(text) as WireTrade);
  market.tape.push(...trades.sort((a, b) => a.tid - b.tid));
  const last = market.candles.running('1m');
  if (running && (last === null || running.t > last.t)) addBar(market, running);
}

const addBar = (market: MarketState, bar: Bar): void =>
  market.candles.bar(
    {
      openTimeMs: bar.t,
      open: bar.o,
      high: bar.h,
      low: bar.l,
      close: bar.c,
      volume: bar.v,
      trades: bar.n,
    },
    bar.q,
  );
