import { ZERO } from '#shared/core/decimal.ts';
import { type Fault, FaultScript } from './faults/fault-script.ts';
import type { MarketSource, MarketTick } from './prices/market-source.ts';
import { PriceModel } from './prices/price-model.ts';
import { applyTransfer } from './server/control.ts';
import { DEFAULT_OPTIONS, type SimulatorOptions } from './simulator-options.ts';
import { StateStore } from './storage/state-store.ts';
import { dirtyCommit, fullCommit, loadWorld, marketRow } from './storage/world-codec.ts';
import { fillResting, liquidateIfNeeded } from './venue/account-orders.ts';
import { nextFundingMs, payFunding } from './venue/clearing.ts';
import { equityOf } from './venue/equity.ts';
import { noteEquity } from './venue/equity-history.ts';
import { runScheduledCancels } from './venue/scheduled-cancel.ts';
import { CROWD, createWorld, emptyDirty, hashOf, type MarketState, TAPE_KEPT, type World } from './venue/world.ts';
import type { SocketSession, SocketSink } from './wire/socket-session.ts';
import type { Wire, WireRequest, WireResponse } from './wire/wire-protocol.ts';
import { wireNumber } from './wire-number.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** A socket of the simulator in process: the same session that a real socket gets. */
export interface InProcessSocket {
  readonly id: string;
  onMessage(text: string): void;
  close(): void;
}

const MAX_TIMERS = 10_000;

/**
 * A venue, simulated: accounts, markets, orders, sockets, faults and a ledger behind a real venue's protocol,
 * without a transport and without a clock of its own. Everything that happens, happens inside `pump`, `handle` or a
 * socket message, at a definite market time, is written to the state file, and only then leaves.
 */
export class ExchangeSimulator {
  readonly options: SimulatorOptions;
  readonly faults = new FaultScript();
  readonly wire: Wire;
  #world: World;
  #source: MarketSource;
  #store: StateStore | null = null;
  #steppedMs: number;
  #nextFundingMs = 0;
  #timers: Timer[] = [];
  #sourceSavedMs = 0;
  #faultsSaved = -1;
  #onChange: (() => void) | null = null;

  /** @throws when the state file or the replay file cannot be opened. */
  constructor(options: Partial<SimulatorOptions> = {}) {
    this.options = { ...DEFAULT_OPTIONS, ...options };
    this.#steppedMs = 0;
    this.wire = this.options.openWire({
      world: () => this.#world,
      faults: this.faults,
      after: (delayMs, run) => this.after(delayMs, run),
      testnet: this.options.testnet,
    });
    if (this.options.statePath !== null) this.#store = new StateStore(this.options.statePath);
    const begun = this.#begin(this.#store);
    this.#world = begun.world;
    this.#source = begun.source;
    this.#commit(true);
  }

  get world(): World {
    return this.#world;
  }

  get source(): MarketSource {
    return this.#source;
  }

  /** Market time. */
  nowMs(): number {
    return this.#world.nowMs;
  }

  /** Called whenever the time of the next event may have changed: a driver re-arms its timer. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Market time of the next thing that happens by itself; null when nothing will. */
  nextEventAtMs(): number | null {
    let next: number = Math.min(this.#source.nextAtMs() ?? Number.POSITIVE_INFINITY, this.#nextFundingMs);
    if (this.#timers[0]) next = Math.min(next, this.#timers[0].atMs);
    for (const account of this.#world.accounts.values()) {
      if (account.scheduledCancelAtMs !== null) next = Math.min(next, account.scheduledCancelAtMs);
    }
    next = Math.min(next, this.wire.sockets.nextAtMs() ?? next, this.faults.nextAtMs() ?? next);
    return Number.isFinite(next) ? next : null;
  }

  /** Market time of the next trade of the crowd; null when a replay is over. */
  nextMarketAtMs(): number | null {
    return this.#source.nextAtMs();
  }

  /** Runs `run` at a later market time, inside the pump. */
  after(delayMs: number, run: () => void): void {
    if (this.#timers.length >= MAX_TIMERS) throw new RangeError(`more than ${MAX_TIMERS} delayed actions`);
    const atMs = this.#world.nowMs + delayMs;
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1] as Timer).atMs > atMs) at -= 1;
    this.#timers.splice(at, 0, { atMs, run });
    this.#onChange?.();
  }

  /** Does everything that is due, in time order, writes it, and lets the frames go. */
  pump(): void {
    this.#runUntil(this.options.mode === 'stepped' ? this.#steppedMs : this.options.nowMs());
    this.#finish();
  }

  /** Stepped mode: moves market time to `toMs` (or to the next market instant) and does everything due on the way. */
  advance(toMs?: number): void {
    const target = toMs ?? this.#source.nextAtMs() ?? this.#steppedMs;
    if (target > this.#steppedMs) this.#steppedMs = target;
    this.pump();
  }

  /** The HTTP side: same answers in process and behind a server. */
  handle(request: WireRequest): WireResponse {
    this.#runUntil(this.options.mode === 'stepped' ? this.#steppedMs : this.options.nowMs());
    const response = this.wire.http(request);
    this.#finish();
    return response;
  }

  /** The WebSocket side. Null when the venue refused the socket (it was closed through the sink). */
  connect(sink: SocketSink, userAgent = '', path = '/ws'): InProcessSocket | null {
    this.#runUntil(this.options.mode === 'stepped' ? this.#steppedMs : this.options.nowMs());
    const session = this.wire.sockets.connect(sink, userAgent);
    if (session) this.wire.opened(session, path);
    this.#finish();
    return session && this.#socket(session);
  }

  /** Runs an action of the control interface at the present market time, with the same promise: written, then answered. */
  change<T>(action: (world: World) => T): T {
    this.#runUntil(this.options.mode === 'stepped' ? this.#steppedMs : this.options.nowMs());
    const result = action(this.#world);
    this.#finish();
    return result;
  }

  /** Replaces the fault script; what has fired stays on record. */
  installFaults(faults: readonly Fault[]): void {
    this.faults.install(faults);
    this.#faultsSaved = -1;
    this.pump();
  }

  /** Writes the complete state to a file. */
  snapshot(path: string): void {
    this.#commit(true);
    if (this.#store) {
      this.#store.snapshotTo(path);
      return;
    }
    const store = new StateStore(path);
    store.commit(fullCommit(this.#world, this.#extras(true)));
    store.close();
  }

  /** Goes back to a snapshot, file and all; every socket is closed. @throws when the file cannot be read. */
  restore(path: string): void {
    this.wire.sockets.closeAll(1012, 'restored');
    this.wire.sockets.flush();
    this.#timers = [];
    if (this.#store) this.#store.restoreFrom(path);
    const store = this.#store ?? new StateStore(path);
    const begun = this.#begin(store);
    if (!this.#store) store.close();
    this.#world = begun.world;
    this.#source = begun.source;
    this.#onChange?.();
  }

  /** Writes what is pending and closes the file. */
  close(): void {
    this.wire.sockets.closeAll(1001, 'going away');
    this.wire.sockets.flush();
    this.#commit(true);
    this.#store?.close();
    this.#store = null;
  }

  #socket(session: SocketSession): InProcessSocket {
    return {
      id: session.id,
      onMessage: (text) => {
        this.#runUntil(this.options.mode === 'stepped' ? this.#steppedMs : this.options.nowMs());
        this.wire.message(session, text);
        this.#finish();
      },
      close: () => this.wire.sockets.disconnect(session),
    };
  }

  #begin(store: StateStore | null): { world: World; source: MarketSource } {
    const { options } = this;
    const firstMs = options.startMs ?? options.nowMs();
    const world = createWorld(options, firstMs);
    world.publisher = this.wire;
    const source =
      options.source?.(options.markets) ?? new PriceModel(options.markets, { ...options, startMs: firstMs });
    const values = store?.values() ?? new Map<string, string>();
    this.#world = world;
    if (store && loadWorld(world, store, values)) {
      source.restore(JSON.parse(values.get('source') ?? 'null'));
      this.faults.restore(JSON.parse(values.get('faults') ?? 'null'));
      if (options.mode === 'clock') source.skipTo(Math.max(world.nowMs, options.nowMs()));
    } else {
      this.#openFor(world, source);
    }
    this.#steppedMs = world.nowMs;
    this.#nextFundingMs = nextFundingMs(world.nowMs);
    return { world, source };
  }

  /** The first start: candles of the past, last prices, first deposits. */
  #openFor(world: World, source: MarketSource): void {
    for (const { market, ...bar } of source.history()) {
      const state = world.markets[market] as MarketState;
      state.candles.bar(bar);
      state.price = bar.close;
      state.lastTradeMs = bar.openTimeMs;
      if (this.#store) {
        world.dirty.candles.push({
          coin: state.spec.coin,
          bar: { t: bar.openTimeMs, o: bar.open, h: bar.high, l: bar.low, c: bar.close, v: bar.volume, n: bar.trades },
        });
      }
    }
    const first = source.nextAtMs();
    if (this.options.startMs === undefined && this.options.source && first !== null) world.nowMs = first;
    for (const account of world.accounts.values()) {
      for (const [dex, quote] of Object.entries(account.spec.depositsQuote)) {
        applyTransfer(world, { user: account.spec.address, dex, amountQuote: quote });
      }
    }
  }

  #runUntil(nowMs: number): void {
    const world = this.#world;
    const { maxLagMs } = this.options;
    const slept = this.options.mode === 'clock' && nowMs - (this.#source.nextAtMs() ?? nowMs) > maxLagMs;
    if (slept) this.#source.skipTo(nowMs);
    for (;;) {
      const atMs = this.nextEventAtMs();
      if (atMs === null || atMs > nowMs) break;
      if (atMs > world.nowMs) world.nowMs = atMs;
      while (this.#timers[0] && this.#timers[0].atMs <= world.nowMs) this.#timers.shift()?.run();
      for (const _ of this.faults.dueDisconnects(world.nowMs)) this.wire.sockets.closeAll(1006, 'fault');
      this.wire.sockets.runDue();
      runScheduledCancels(world);
      if (this.#nextFundingMs <= world.nowMs) {
        payFunding(world);
        this.#noteEquity();
        this.#nextFundingMs = nextFundingMs(world.nowMs);
      }
      while ((this.#source.nextAtMs() ?? Number.POSITIVE_INFINITY) <= world.nowMs) this.#tick(this.#source.take());
    }
    if (nowMs > world.nowMs) {
      world.nowMs = nowMs;
      world.dirty.clock = true;
    }
  }

  #noteEquity(): void {
    const world = this.#world;
    noteEquity(world, world.accounts.values(), (account) => equityOf(world, account).toFixed());
  }

  #tick(tick: MarketTick): void {
    const world = this.#world;
    const market = world.markets[tick.market] as MarketState;
    market.price = tick.price;
    market.lastTradeMs = world.nowMs;
    market.ticks += 1;
    market.consumedBids = ZERO;
    market.consumedAsks = ZERO;
    market.cachedBook = null;
    market.cachedMark = null;
    const ended = market.candles.trade(tick.atMs, tick.price, tick.size);
    if (ended && this.#store) world.dirty.candles.push({ coin: market.spec.coin, bar: { ...ended } });
    const tid = world.counters.nextTid;
    world.counters.nextTid += 1;
    world.dirty.counters = true;
    world.dirty.markets.add(market);
    const trade = {
      coin: market.spec.coin,
      side: tick.side,
      px: wireNumber(tick.price),
      sz: wireNumber(tick.size),
      time: tick.atMs,
      hash: hashOf(tid),
      tid,
      users: CROWD,
    };
    market.tape.push(trade);
    if (this.#store) world.dirty.trades.push({ coin: market.spec.coin, slot: market.ticks % TAPE_KEPT, trade });
    if (market.tape.length > 2 * TAPE_KEPT) market.tape.splice(0, TAPE_KEPT);
    fillResting(world, market, tick.price, tick.size, trade.hash);
    liquidateIfNeeded(world, market);
    this.wire.trade(market, trade);
  }

  #finish(): void {
    this.wire.beforeFlush();
    this.#commit(false);
    this.wire.sockets.flush();
    this.#onChange?.();
  }

  #extras(all: boolean) {
    const extras: { key: string; body: string }[] = [];
    if (all || this.#faultsSaved !== this.faults.fired.length) {
      this.#faultsSaved = this.faults.fired.length;
      extras.push({ key: 'faults', body: JSON.stringify(this.faults.state()) });
    }
    if (all) extras.push({ key: 'source', body: JSON.stringify(this.#source.state()) });
    return extras;
  }

  /**
   * One transaction with everything that changed. The state of the price model is written once a second under a running
   * clock (after a crash it goes on from there, with new trade ids), and at every step in stepped mode: a replay resumes exactly.
   */
  #commit(all: boolean): void {
    const world = this.#world;
    const { dirty } = world;
    const changed =
      dirty.counters ||
      dirty.clock ||
      dirty.agents ||
      dirty.events.length + dirty.equity.length + dirty.accounts.size + dirty.orders.size + dirty.nonces.size > 0;
    if (this.#store && (all || changed || this.#faultsSaved !== this.faults.fired.length)) {
      const rows = this.#extras(all);
      const due = this.options.mode === 'stepped' || world.nowMs - this.#sourceSavedMs >= 1_000;
      if (!all && due && dirty.markets.size > 0) {
        rows.push({ key: 'source', body: JSON.stringify(this.#source.state()) });
        this.#sourceSavedMs = world.nowMs;
      }
      for (const market of dirty.markets) rows.push(marketRow(market));
      this.#store.commit(dirtyCommit(world, rows));
    }
    if (changed) world.dirty = emptyDirty();
  }
}
