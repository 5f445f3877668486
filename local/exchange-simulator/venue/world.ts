import { Decimal, ZERO } from '#shared/core/decimal.ts';
import { markPrice } from '#shared/core/matching/fees-and-funding.ts';
import { type Book, buildLadder, EMPTY_BOOK, rawLadder, withoutConsumed } from '#shared/core/matching/ladder.ts';
import type { Side, TimeInForce } from '#shared/core/orders/order.ts';
import { type Bar, CandleBook } from '../prices/candle-book.ts';
import type { NonceWindow } from '../signers/nonce-window.ts';
import type { AccountSpec } from '../signers/test-accounts.ts';
import type { EquityPoint } from './equity-history.ts';
import { type MarketSpec, NATIVE } from './market-spec.ts';
import { NOBODY_LISTENS, type Publisher } from './publisher.ts';
import { TradedVolume } from './traded-volume.ts';

/** A public trade as it goes over the wire. */
export interface WireTrade {
  readonly coin: string;
  readonly side: 'A' | 'B';
  readonly px: string;
  readonly sz: string;
  readonly time: number;
  readonly hash: string;
  readonly tid: number;
  readonly users: readonly [string, string];
}

/** A fill of an account as it goes over the wire. */
export interface WireFill {
  readonly coin: string;
  readonly px: string;
  readonly sz: string;
  readonly side: 'A' | 'B';
  readonly time: number;
  readonly startPosition: string;
  readonly dir: string;
  readonly closedPnl: string;
  readonly hash: string;
  readonly oid: number;
  readonly crossed: boolean;
  /** In all, the builder's part included. */
  readonly fee: string;
  readonly builderFee?: string;
  readonly tid: number;
  readonly feeToken: 'USDC';
  readonly twapId: null;
  readonly cloid?: string;
  readonly liquidation?: { readonly liquidatedUser: string; readonly markPx: string; readonly method: 'market' };
}

export interface Position {
  readonly size: Decimal;
  readonly entryPrice: Decimal;
  /** Raw quote balance of an isolated position; null for a cross position, whose cost is in the sub-account. */
  readonly isolatedRaw: Decimal | null;
  readonly fundingAllTime: Decimal;
  readonly fundingSinceOpen: Decimal;
  readonly fundingSinceChange: Decimal;
}

/** The clearinghouse of one dex for one account. Positions are replaced, never changed in place. */
export interface SubAccount {
  rawQuote: Decimal;
  readonly positions: Map<string, Position>;
}

export interface AccountSnapshot {
  readonly atMs: number;
  readonly subs: ReadonlyMap<string, { readonly rawQuote: Decimal; readonly positions: ReadonlyMap<string, Position> }>;
}

/** A step of one position, oldest first; `foreign` marks what no order of the API caused (manual trade, liquidation). */
export interface PathPoint {
  readonly atMs: number;
  readonly size: string;
  readonly change: string;
  readonly oid: number;
  readonly tid: number;
  readonly foreign: boolean;
}

export interface Account {
  readonly spec: AccountSpec;
  readonly subs: Map<string, SubAccount>;
  readonly leverage: Map<string, { readonly isolated: boolean; readonly value: number }>;
  /** How it keeps its collateral; any word is answered, and those below share one balance. */
  mode: string;
  feesPaid: Decimal;
  fundingReceived: Decimal;
  depositedQuote: Decimal;
  /** Orders and cancels that it sent. */
  requestsUsed: number;
  readonly traded: TradedVolume;
  /** Builder → the most that it may take, in tenths of a basis point. */
  readonly builderFees: Map<string, number>;
  scheduledCancelAtMs: number | null;
  scheduledTriggers: { day: number; count: number };
  /** Older states for the snapshot-lag fault: the last two minutes. */
  history: AccountSnapshot[];
  readonly paths: Map<string, PathPoint[]>;
  readonly fills: WireFill[];
  readonly equity: EquityPoint[];
}

/** An order as the venue knows it. Mutable: only the order desk and the clearing write it. */
export interface SimOrder {
  readonly oid: number;
  readonly cloid: string | null;
  readonly user: string;
  readonly coin: string;
  readonly side: Side;
  readonly limitPx: Decimal;
  readonly origSz: Decimal;
  readonly tif: TimeInForce;
  readonly reduceOnly: boolean;
  readonly acceptedAtMs: number;
  readonly nonce: number | null;
  readonly expiresAfter: number | null;
  /** `api`: signed by the account; `manual`: a foreign trade; `liquidation`: the venue's own. */
  readonly origin: 'api' | 'manual' | 'liquidation';
  readonly builder: string | null;
  /** What the builder takes of each fill, in tenths of a basis point. */
  readonly builderFeeTenths: number;
  remaining: Decimal;
  filled: Decimal;
  cost: Decimal;
  status: string;
  statusAtMs: number;
  /** Position range that this order may produce; see ledger.ts. Null for refused orders. */
  asked: { low: Decimal; high: Decimal } | null;
  positionAtAcceptance: Decimal;
  overshootLots: number;
}

export interface MarketState {
  readonly spec: MarketSpec;
  readonly candles: CandleBook;
  readonly tape: WireTrade[];
  readonly resting: Set<SimOrder>;
  price: number;
  lastTradeMs: number;
  ticks: number;
  consumedBids: Decimal;
  consumedAsks: Decimal;
  cachedBook: Book | null;
  cachedMark: Decimal | null;
}

/** An address that may sign for an account. */
export interface Agent {
  readonly master: string;
  /** Empty for the one without a name. */
  readonly name: string;
  readonly validUntilMs: number | null;
}

export type LedgerEvent = { readonly kind: string; readonly atMs: number; readonly [field: string]: unknown };

/** What changed since the last commit: the store writes exactly this. */
export interface Dirty {
  readonly orders: Set<SimOrder>;
  readonly fills: { user: string; fill: WireFill; path: PathPoint }[];
  readonly accounts: Set<Account>;
  readonly markets: Set<MarketState>;
  readonly nonces: Set<string>;
  readonly events: LedgerEvent[];
  readonly equity: { user: string; point: EquityPoint }[];
  readonly candles: { coin: string; bar: Bar }[];
  readonly trades: { coin: string; slot: number; trade: WireTrade }[];
  counters: boolean;
  clock: boolean;
  agents: boolean;
}

export interface Counters {
  nextTid: number;
  nextOid: number;
  insurance: Decimal;
  refusals: Record<string, number>;
  duplicateCloids: number;
  expired: number;
  maxOvershootLots: number;
}

export interface WorldOptions {
  readonly markets: readonly MarketSpec[];
  readonly accounts: readonly AccountSpec[];
  /** Prints our own taker fills on the public tape too; off by default so that a replay's candles stay the file's. */
  readonly ownTradesOnTape: boolean;
  /** A reduce-only order for the whole position may be under 10 USD. */
  readonly fullCloseBelowMinimum: boolean;
}

export interface World {
  readonly options: WorldOptions;
  nowMs: number;
  readonly markets: MarketState[];
  readonly byCoin: Map<string, MarketState>;
  readonly byAsset: Map<number, MarketState>;
  readonly accounts: Map<string, Account>;
  /** Signer → master address. */
  readonly signers: Map<string, string>;
  /** By address. */
  readonly agents: Map<string, Agent>;
  readonly nonces: Map<string, NonceWindow>;
  readonly orders: Map<number, SimOrder>;
  /** `user cloid` → order. */
  readonly byCloid: Map<string, SimOrder>;
  readonly events: LedgerEvent[];
  readonly counters: Counters;
  dirty: Dirty;
  publisher: Publisher;
}

export const emptyDirty = (): Dirty => ({
  orders: new Set(),
  fills: [],
  accounts: new Set(),
  markets: new Set(),
  nonces: new Set(),
  events: [],
  equity: [],
  candles: [],
  trades: [],
  counters: false,
  clock: false,
  agents: false,
});

export function createWorld(options: WorldOptions, nowMs: number): World {
  const markets = options.markets.map((spec): MarketState => newMarket(spec));
  const accounts = new Map(options.accounts.map((spec) => [spec.address, newAccount(spec)]));
  return {
    options,
    nowMs,
    markets,
    byCoin: new Map(markets.map((market) => [market.spec.coin, market])),
    byAsset: new Map(markets.map((market) => [market.spec.assetId, market])),
    accounts,
    signers: new Map(options.accounts.flatMap((a) => [a.address, ...a.agents].map((signer) => [signer, a.address]))),
    agents: new Map(
      options.accounts.flatMap((account) =>
        account.agents.map((agent, i) => [
          agent,
          { master: account.address, name: `${account.name}-${i + 1}`, validUntilMs: null },
        ]),
      ),
    ),
    nonces: new Map(),
    orders: new Map(),
    byCloid: new Map(),
    events: [],
    counters: {
      // Far from zero and different for every first start, so that ids of two fresh simulators do not look alike.
      nextTid: nowMs * 1000,
      nextOid: Math.floor(nowMs / 10),
      insurance: ZERO,
      refusals: {},
      duplicateCloids: 0,
      expired: 0,
      maxOvershootLots: 0,
    },
    dirty: emptyDirty(),
    publisher: NOBODY_LISTENS,
  };
}

function newMarket(spec: MarketSpec): MarketState {
  return {
    spec,
    candles: new CandleBook(spec.coin, spec.sizeDecimals),
    tape: [],
    resting: new Set(),
    price: spec.initialPrice,
    lastTradeMs: 0,
    ticks: 0,
    consumedBids: ZERO,
    consumedAsks: ZERO,
    cachedBook: null,
    cachedMark: null,
  };
}

function newAccount(spec: AccountSpec): Account {
  return {
    spec,
    subs: new Map([[NATIVE, { rawQuote: ZERO, positions: new Map() }]]),
    leverage: new Map(),
    mode: spec.mode ?? 'disabled',
    feesPaid: ZERO,
    fundingReceived: ZERO,
    depositedQuote: ZERO,
    requestsUsed: 0,
    traded: new TradedVolume(),
    builderFees: new Map(),
    scheduledCancelAtMs: null,
    scheduledTriggers: { day: 0, count: 0 },
    history: [],
    paths: new Map(),
    fills: [],
    equity: [],
  };
}

const point = (market: MarketState) => ({
  price: market.price,
  priceRule: market.spec.priceRule,
  sizeStep: market.spec.sizeStep,
  salt: market.ticks,
});

/** The book as a taker sees it now; empty until the first trade (a replay's other symbols). */
export function bookOf(market: MarketState): Book {
  if (market.lastTradeMs === 0) return EMPTY_BOOK;
  if (market.cachedBook === null) {
    const full = buildLadder(point(market), market.spec.shape);
    market.cachedBook = {
      bids: withoutConsumed(full.bids, market.consumedBids),
      asks: withoutConsumed(full.asks, market.consumedAsks),
    };
  }
  return market.cachedBook;
}

/** Mark and oracle price: the median of best bid, best ask and last trade. */
export function markOf(market: MarketState): Decimal {
  if (market.cachedMark === null) {
    const last = new Decimal(market.price);
    const raw = rawLadder(point(market), market.spec.shape);
    const tick = (ticks: number) => new Decimal(ticks).div(raw.ticksPerUnit);
    market.cachedMark = market.lastTradeMs === 0 ? last : markPrice(tick(raw.bidTicks), tick(raw.askTicks), last);
  }
  return market.cachedMark;
}

export const dexOf = (market: MarketState): string => market.spec.dex ?? NATIVE;

export function subOf(account: Account, dex: string): SubAccount {
  let sub = account.subs.get(dex);
  if (!sub) {
    sub = { rawQuote: ZERO, positions: new Map() };
    account.subs.set(dex, sub);
  }
  return sub;
}

/** One balance for every dex. https://hyperliquid.gitbook.io/hyperliquid-docs/trading/account-abstraction-modes */
export const isPooled = ({ mode }: Account): boolean => mode === 'unifiedAccount' || mode === 'portfolioMargin';

export const positionOf = (account: Account, market: MarketState): Position =>
  subOf(account, dexOf(market)).positions.get(market.spec.coin) ?? NO_POSITION;

export const NO_POSITION: Position = {
  size: ZERO,
  entryPrice: ZERO,
  isolatedRaw: null,
  fundingAllTime: ZERO,
  fundingSinceOpen: ZERO,
  fundingSinceChange: ZERO,
};

export function leverageOf(account: Account, market: MarketState): { isolated: boolean; value: number } {
  return (
    account.leverage.get(market.spec.coin) ?? {
      isolated: market.spec.onlyIsolated,
      value: Math.min(20, market.spec.maxLeverage),
    }
  );
}

/** How many public trades a market keeps for new subscribers. */
export const TAPE_KEPT = 30;

export const MAX_EVENTS = 50_000;

export function record(world: World, kind: string, fields: Readonly<Record<string, unknown>>): LedgerEvent {
  const event: LedgerEvent = { kind, atMs: world.nowMs, ...fields };
  world.events.push(event);
  if (world.events.length > MAX_EVENTS) world.events.splice(0, world.events.length - MAX_EVENTS + 1_000);
  world.dirty.events.push(event);
  return event;
}

/** Whom public trades are between, and who takes over what is liquidated. */
export const CROWD = [
  '0x0000000000000000000000000000000000000c01',
  '0x0000000000000000000000000000000000000c02',
] as const;

export const hashOf = (id: number): string => `0x${id.toString(16).padStart(64, '0')}`;
