import type { WebSocketLike } from '#shared/adapters/exchange/wire/web-socket-like.ts';

/** A socket whose other end is the test. */
export class FakeSocket implements WebSocketLike {
  readonly url: string;
  onOpen: (() => void) | null = null;
  onMessage: ((text: string) => void) | null = null;
  onClose: ((reason: string) => void) | null = null;
  readonly sent: unknown[] = [];
  closed = false;
  isOpen = false;

  constructor(url: string) {
    this.url = url;
  }

  send(text: string): void {
    if (!this.isOpen) throw new Error('not open');
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
    this.isOpen = false;
  }

  /** The venue accepts the connection. */
  open(): void {
    this.isOpen = true;
    this.onOpen?.();
  }

  /** The venue sends a message: text as it is, anything else as JSON. */
  deliver(message: unknown): void {
    this.onMessage?.(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The venue, or the network, ends the connection. */
  drop(reason = 'closed with code 1006'): void {
    this.isOpen = false;
    this.onClose?.(reason);
  }

  /** Coins of the subscribe messages sent so far. */
  subscribed(): string[] {
    return this.sent
      .filter((m) => (m as { method: string }).method === 'subscribe')
      .map((m) => (m as { subscription: { coin: string } }).subscription.coin);
  }
}

/** A `connect` that keeps every socket it made, newest last. */
export function fakeConnect(): { connect: (url: string) => FakeSocket; sockets: FakeSocket[]; last: () => FakeSocket } {
  const sockets: FakeSocket[] = [];
  return {
    sockets,
    connect: (url) => {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket;
    },
    last: () => sockets.at(-1)!,
  };
}

export interface WireTradeFixture {
  readonly coin?: string;
  readonly side?: 'A' | 'B';
  readonly px?: string;
  readonly sz?: string;
  readonly time: number;
  readonly tid: number;
}

/** A `trades` message in the venue's own key order. */
export const tradesMessage = (...trades: readonly WireTradeFixture[]) => ({
  channel: 'trades',
  data: trades.map((t) => ({
    coin: t.coin ?? 'BTC',
    side: t.side ?? 'B',
    px: t.px ?? '100.0',
    sz: t.sz ?? '0.5',
    time: t.time,
    hash: `0x${'0'.repeat(64)}`,
    tid: t.tid,
    users: [`0x${'1'.repeat(40)}`, `0x${'2'.repeat(40)}`],
  })),
});

export const subscriptionResponse = (coin: string) => ({
  channel: 'subscriptionResponse',
  data: { method: 'subscribe', subscription: { type: 'trades', coin } },
});
