import type { FaultScript } from '../faults/fault-script.ts';
import { SUBSCRIBE } from '../faults/fault-script.ts';
import type { World } from '../venue/world.ts';
import { SocketSession, type SocketSink } from './socket-session.ts';

const MAX_SESSIONS = 200;

type Outgoing = { readonly session: SocketSession; readonly text: string };

/**
 * All sockets. Frames are collected while the engine works and leave with `flush`, after what they tell was written, so
 * nobody ever hears of something that a crash could undo.
 */
export class Sockets {
  readonly #world: () => World;
  readonly #faults: FaultScript;
  /** A socket that was sent nothing for so long is closed; infinite: never. */
  readonly #silenceMs: number;
  readonly #sessions = new Map<string, SocketSession>();
  /** Subscription key → sessions: a tick asks for its listeners by key. */
  readonly #listeners = new Map<string, Set<SocketSession>>();
  #outgoing: Outgoing[] = [];
  #closing: { session: SocketSession; code: number; reason: string }[] = [];
  #nextId = 1;

  constructor(world: () => World, faults: FaultScript, silenceMs: number) {
    this.#world = world;
    this.#faults = faults;
    this.#silenceMs = silenceMs;
  }

  /** Null when refused: closed through the sink. */
  connect(sink: SocketSink, userAgent: string): SocketSession | null {
    const nowMs = this.#world().nowMs;
    if (this.#sessions.size >= MAX_SESSIONS || this.#faults.refusesSockets(nowMs)) {
      sink.close(1006, 'refused');
      return null;
    }
    const session = new SocketSession(`ws-${this.#nextId}`, sink, userAgent, nowMs);
    this.#nextId += 1;
    this.#sessions.set(session.id, session);
    return session;
  }

  disconnect(session: SocketSession): void {
    if (session.closed) return;
    session.closed = true;
    this.#sessions.delete(session.id);
    for (const key of session.subscriptions.keys()) this.#listeners.get(key)?.delete(session);
  }

  /** Closes from the venue's side, after the frames before it. */
  close(session: SocketSession, code: number, reason: string): void {
    if (session.closed) return;
    this.disconnect(session);
    this.#closing.push({ session, code, reason });
  }

  closeAll(code: number, reason: string): void {
    for (const session of [...this.#sessions.values()]) this.close(session, code, reason);
  }

  listen(session: SocketSession, key: string, subscription: Readonly<Record<string, unknown>>): void {
    session.subscriptions.set(key, subscription);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(session));
  }

  /** False when it did not listen. */
  unlisten(session: SocketSession, key: string): boolean {
    this.#listeners.get(key)?.delete(session);
    return session.subscriptions.delete(key);
  }

  hasListeners(key: string): boolean {
    return (this.#listeners.get(key)?.size ?? 0) > 0;
  }

  /** True when a fault refuses the subscription of this market. */
  refuses(session: SocketSession, coin: string): boolean {
    const context = { path: '/ws' as const, type: SUBSCRIBE, coin, userAgent: session.userAgent };
    return this.#faults.hits(context, this.#world().nowMs).length > 0;
  }

  send(session: SocketSession, channel: string, message: unknown): void {
    this.#enqueue(session, channel, undefined, JSON.stringify(message));
  }

  /** To everybody who listens to `key`, at most once in `everyMs` each. `make` is called only for somebody. */
  broadcast(channel: string, key: string, coin: string | undefined, everyMs: number, make: () => unknown): void {
    const listeners = this.#listeners.get(key);
    if (!listeners || listeners.size === 0) return;
    const nowMs = this.#world().nowMs;
    let text: string | null = null;
    for (const session of listeners) {
      if (everyMs > 0) {
        const last = session.lastSentMsByKey.get(key);
        if (last !== undefined && nowMs - last < everyMs) continue;
        session.lastSentMsByKey.set(key, nowMs);
      }
      text ??= JSON.stringify(make());
      this.#enqueue(session, channel, coin, text);
    }
  }

  #enqueue(session: SocketSession, channel: string, coin: string | undefined, text: string): void {
    const nowMs = this.#world().nowMs;
    const context = { path: '/ws' as const, type: channel, coin, userAgent: session.userAgent };
    const hits = this.#faults.hits(context, nowMs);
    if (hits.some((fault) => fault.kind === 'ws-mute')) return;
    session.lastSentMs = nowMs;
    const reorder = hits.find((fault) => fault.kind === 'ws-reorder');
    if (reorder?.kind === 'ws-reorder' && session.held === null) {
      session.held = { text, untilMs: nowMs + (reorder.holdMs ?? 500) };
      return;
    }
    this.#outgoing.push({ session, text });
    if (hits.some((fault) => fault.kind === 'ws-duplicate')) this.#outgoing.push({ session, text });
    this.#releaseHeld(session);
  }

  #releaseHeld(session: SocketSession): void {
    if (session.held === null) return;
    this.#outgoing.push({ session, text: session.held.text });
    session.held = null;
  }

  /** Market time at which a held frame or a silent socket is due; null without any. */
  nextAtMs(): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const session of this.#sessions.values()) {
      next = Math.min(next, session.lastSentMs + this.#silenceMs, session.held?.untilMs ?? next);
    }
    return Number.isFinite(next) ? next : null;
  }

  /** Releases held frames and closes sockets that were sent nothing for too long. */
  runDue(): void {
    const nowMs = this.#world().nowMs;
    for (const session of [...this.#sessions.values()]) {
      if (session.held !== null && session.held.untilMs <= nowMs) this.#releaseHeld(session);
      if (nowMs - session.lastSentMs < this.#silenceMs) continue;
      // A mute socket looks alive to the other side: that is the fault.
      if (this.#faults.mutesSockets(nowMs)) session.lastSentMs = nowMs;
      else this.close(session, 1006, `nothing sent for ${this.#silenceMs / 1000} s`);
    }
  }

  /** Hands the collected frames to the sockets, in order, then the closes. */
  flush(): void {
    const outgoing = this.#outgoing;
    const closing = this.#closing;
    if (outgoing.length === 0 && closing.length === 0) return;
    this.#outgoing = [];
    this.#closing = [];
    for (const { session, text } of outgoing) {
      session.framesSent += 1;
      session.sink.frame(text);
    }
    for (const { session, code, reason } of closing) session.sink.close(code, reason);
  }

  /** Frames sent since the start, per open session. */
  framesSent(): Record<string, number> {
    return Object.fromEntries([...this.#sessions.values()].map((session) => [session.id, session.framesSent]));
  }
}
