import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { ReplaySource } from '#local/exchange-simulator/prices/replay-source.ts';
import { ledgerReport } from '#local/exchange-simulator/server/control.ts';
import { statusOf } from '#local/exchange-simulator/server/control-endpoint.ts';
import { createSimulatorFetch } from '#local/exchange-simulator/server/simulator-fetch.ts';
import { openSimulatorSocket } from '#local/exchange-simulator/server/simulator-socket.ts';
import { DEFAULT_OPTIONS } from '#local/exchange-simulator/simulator-options.ts';
import type { ConnectWebSocket } from '#shared/adapters/exchange/wire/web-socket-like.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';

export type ReplayLedger = ReturnType<typeof ledgerReport>;
export type ReplayStatus = ReturnType<typeof statusOf>;

/** Where the adapters believe the venue to be; nothing listens there. */
export const REPLAY_ADDRESSES = { httpUrl: 'http://simulator.replay', wsUrl: 'ws://simulator.replay/ws' };

export interface ReplaySimulatorParts {
  readonly file: string;
  /** What the venue calls the market that the file prices. */
  readonly venueSymbol: string;
  readonly fromMs: number | null;
  readonly seed: number;
}

/**
 * The venue of a replay, in the replay's own process: the adapters' requests and frames as they are on the wire, handed over without a
 * socket (docs/adr/0021-a-replay-holds-its-venue.md). It stands at the first bar, or at a snapshot, and moves when told. It keeps no file of
 * its own, because a replay goes on from nothing but a checkpoint.
 */
export class ReplaySimulator {
  readonly #simulator: ExchangeSimulator;
  readonly #fetch: FetchLike;
  /** HTTP requests so far, and real milliseconds in them. */
  requests = 0;
  requestMs = 0;

  /** @throws when the file or the snapshot cannot be read. */
  constructor(parts: ReplaySimulatorParts, snapshot: string | null) {
    const { markets } = DEFAULT_OPTIONS;
    const market = markets.findIndex(({ coin }) => coin === parts.venueSymbol);
    const sizeDecimals = markets[market]!.sizeDecimals;
    this.#simulator = new ExchangeSimulator({
      mode: 'stepped',
      seed: parts.seed,
      source: () => new ReplaySource({ path: parts.file, market, sizeDecimals, fromMs: parts.fromMs }),
    });
    this.#fetch = createSimulatorFetch(this.#simulator);
    if (snapshot !== null) this.#simulator.restore(snapshot);
  }

  nowMs(): number {
    return this.#simulator.nowMs();
  }

  /** Market time of the next thing that happens by itself; null when nothing will. */
  nextEventAtMs(): number | null {
    return this.#simulator.nextEventAtMs();
  }

  advance(toMs: number): void {
    if (toMs > this.#simulator.nowMs()) this.#simulator.advance(toMs);
  }

  ticks(): number {
    return this.#simulator.world.markets.reduce((sum, market) => sum + market.ticks, 0);
  }

  status(): ReplayStatus {
    return statusOf(this.#simulator);
  }

  ledger(): ReplayLedger {
    return ledgerReport(this.#simulator.world, this.#simulator.faults.fired);
  }

  /** Writes a snapshot and goes back to it, so that everything goes on as it would in another process. */
  checkpoint(path: string): void {
    this.#simulator.snapshot(path);
    this.#simulator.restore(path);
  }

  readonly fetch: FetchLike = (url, init) => {
    const began = performance.now();
    const reply = this.#fetch(url, init);
    this.requests += 1;
    this.requestMs += performance.now() - began;
    return reply;
  };

  readonly connect: ConnectWebSocket = (url) => {
    const { pathname, search } = new URL(url);
    return openSimulatorSocket(this.#simulator, { path: pathname + search, later: queueMicrotask });
  };

  close(): void {
    this.#simulator.close();
  }
}
