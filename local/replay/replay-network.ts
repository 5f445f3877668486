import type { SimulatorStatus } from '#local/simulator-process.ts';
import { settlePromises } from '#local/virtual-time/virtual-clock.ts';
import type { ConnectWebSocket, WebSocketLike } from '#shared/adapters/exchange/wire/web-socket-like.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';

export interface ReplayNetworkParts {
  readonly fetch: FetchLike;
  readonly connect: ConnectWebSocket;
  /** Market time of the platform. */
  readonly nowMs: () => number;
  /** Asks the simulator where it stands; must carry the market time, as every request does. */
  readonly status: () => Promise<SimulatorStatus>;
}

interface Line {
  readonly id: string;
  readonly socket: WebSocketLike;
  readonly like: WebSocketLike;
  sent: number;
  received: number;
  expected: number;
  ended: boolean;
  closedByUs: boolean;
}

/**
 * The only way of a replayed platform to its venue: real sockets, but one thing at a time and in the order in which the
 * platform did it. A request is over when its reply has been worked off, a message when the simulator has read it, and
 * frames are handed over only when no request is under way. So the order of effects does not depend on how fast sockets are.
 */
export class ReplayNetwork {
  readonly #parts: ReplayNetworkParts;
  readonly #lines = new Map<string, Line>();
  readonly #jobs: (() => Promise<void>)[] = [];
  readonly #inbox: (() => void)[] = [];
  #working: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #lineCount = 0;
  #failure: unknown = null;
  #requests = 0;
  #frames = 0;
  #requestMs = 0;

  constructor(parts: ReplayNetworkParts) {
    this.#parts = parts;
  }

  /** HTTP requests so far, milliseconds of real time in them, frames handed over. */
  counters(): { readonly requests: number; readonly requestMs: number; readonly frames: number } {
    return { requests: this.#requests, requestMs: this.#requestMs, frames: this.#frames };
  }

  readonly fetch: FetchLike = (url, init = {}) =>
    new Promise((resolve, reject) => {
      this.#enqueue(async () => {
        const began = performance.now();
        const headers = { ...(init.headers as Record<string, string>), 'x-market-time': String(this.#parts.nowMs()) };
        const reply = this.#parts.fetch(url, { ...init, headers });
        await reply.then(resolve, reject);
        this.#requests += 1;
        this.#requestMs += performance.now() - began;
      });
    });

  /** Another wait for the world outside (a database over HTTP): in its turn among the requests, and over as they are. */
  inOrder<T>(call: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enqueue(() => call().then(resolve, reject));
    });
  }

  readonly connect: ConnectWebSocket = (url) => {
    this.#lineCount += 1;
    const id = `replay-${this.#lineCount}`;
    const like: WebSocketLike = {
      onOpen: null,
      onMessage: null,
      onClose: null,
      send: (text) => {
        if (line.ended) throw new Error('the socket is not open');
        this.#enqueue(async () => {
          if (line.ended) return;
          await this.#parts.status();
          line.socket.send(text);
          line.sent += 1;
          await this.#acknowledged(line);
        });
      },
      close: () => {
        line.closedByUs = true;
        line.ended = true;
        this.#enqueue(async () => {
          line.socket.close();
          this.#lines.delete(id);
          while (id in (await this.#parts.status()).framesSent) await settlePromises();
        });
      },
    };
    const opened = Promise.withResolvers<void>();
    const line: Line = {
      id,
      // Replaced by the job below before anything can use it.
      socket: null as unknown as WebSocketLike,
      like,
      sent: 0,
      received: 0,
      expected: 0,
      ended: false,
      closedByUs: false,
    };
    this.#enqueue(async () => {
      await this.#parts.status();
      const socket = this.#parts.connect(`${url}?session=${id}`);
      (line as { socket: WebSocketLike }).socket = socket;
      this.#lines.set(id, line);
      socket.onOpen = () => {
        this.#inbox.push(() => like.onOpen?.());
        opened.resolve();
      };
      socket.onMessage = (text) => {
        line.received += 1;
        this.#frames += 1;
        this.#inbox.push(() => like.onMessage?.(text));
        this.#wakeUp();
      };
      socket.onClose = (reason) => {
        this.#lines.delete(id);
        line.ended = true;
        if (!line.closedByUs) this.#inbox.push(() => like.onClose?.(reason));
        opened.resolve();
        this.#wakeUp();
      };
      await opened.promise;
    });
    return like;
  };

  /** The simulator said how many frames it has sent on each socket: that many have to arrive before time moves. */
  expect(status: SimulatorStatus): void {
    for (const line of this.#lines.values()) {
      // Not listed: the venue closed it, and its close is on its way.
      line.expected = status.framesSent[line.id] ?? Number.POSITIVE_INFINITY;
    }
  }

  /** Resolves when nothing is under way, everything that arrived has been handed over and every promise has settled. */
  async quiesce(): Promise<void> {
    for (;;) {
      await settlePromises();
      if (this.#working) {
        await this.#working;
        continue;
      }
      if (this.#failure) throw this.#failure;
      const next = this.#inbox.shift();
      if (next) {
        next();
        continue;
      }
      if (!this.#owing()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #owing(): boolean {
    for (const line of this.#lines.values()) if (line.received < line.expected) return true;
    return false;
  }

  async #acknowledged(line: Line): Promise<void> {
    for (;;) {
      const status = await this.#parts.status();
      this.expect(status);
      if (line.ended || (status.messagesReceived[line.id] ?? Number.POSITIVE_INFINITY) >= line.sent) return;
      await settlePromises();
    }
  }

  #enqueue(job: () => Promise<void>): void {
    this.#jobs.push(job);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    // Not in the turn of the caller: what it does next comes first, as with a real socket.
    await null;
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) {
      try {
        await job();
      } catch (error) {
        this.#failure ??= error;
      }
      // Everything that the reply sets off happens before the next request leaves.
      await settlePromises();
    }
    this.#working = null;
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
