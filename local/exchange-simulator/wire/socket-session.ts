/** What a socket, real or in process, gives the simulator. */
export interface SocketSink {
  frame(text: string): void;
  close(code: number, reason: string): void;
}

/** One connected client: its subscriptions and what it has been sent. */
export class SocketSession {
  readonly id: string;
  readonly userAgent: string;
  readonly sink: SocketSink;
  /** Key of the subscription → subscription as the client gave it. */
  readonly subscriptions = new Map<string, Readonly<Record<string, unknown>>>();
  readonly lastSentMsByKey = new Map<string, number>();
  lastSentMs: number;
  framesSent = 0;
  closed = false;
  /** A frame that a reorder fault holds back. */
  held: { text: string; untilMs: number } | null = null;

  constructor(id: string, sink: SocketSink, userAgent: string, nowMs: number) {
    this.id = id;
    this.sink = sink;
    this.userAgent = userAgent;
    this.lastSentMs = nowMs;
  }
}
