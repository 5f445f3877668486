import * as z from 'zod';
import { epochMs } from '#shared/messages/fields.ts';

/** Which requests or frames a fault is for; every given field must match. */
const matchSchema = z.strictObject({
  path: z.enum(['/info', '/exchange', '/ws']).optional(),
  /** `/info` type, `/exchange` action type, or WebSocket channel. */
  type: z.string().max(64).optional(),
  dex: z.string().max(32).optional(),
  user: z.string().max(42).optional(),
  coin: z.string().max(64).optional(),
  /** Value of the request header `x-observer-id`, or a part of `user-agent`. */
  observer: z.string().max(64).optional(),
  /** True: only requests that name an observer; false: only those that name none. */
  observed: z.boolean().optional(),
});

const common = {
  id: z.string().min(1).max(64),
  match: matchSchema.optional(),
  /** Market time from which, and until which (exclusive), the fault is armed. */
  fromMs: epochMs.optional(),
  toMs: epochMs.optional(),
  /** First matching request (from 1) that is hit, and how many; without `nth` all of the window are hit. */
  nth: z.number().int().min(1).optional(),
  count: z.number().int().min(1).optional(),
};
const ms = z.number().int().min(0).max(3_600_000);

export const faultSchema = z.discriminatedUnion('kind', [
  /** The answer is released `delayMs` later; the request was executed at once. */
  z.strictObject({ kind: z.literal('latency'), delayMs: ms, ...common }),
  /** Not executed. `retryAfterSeconds`: 10 when absent, no such header when null. */
  z.strictObject({
    kind: z.literal('http-429'),
    retryAfterSeconds: z.number().int().min(0).nullable().optional(),
    ...common,
  }),
  /** Not executed, and answered with HTTP 200 in these words: for each order or cancel, or for the whole request. */
  z.strictObject({
    kind: z.literal('refuse-action'),
    text: z.string().min(1).max(300),
    wholeRequest: z.boolean().optional(),
    ...common,
  }),
  /** Whoever signs is nobody's agent, as after its expiry or when another key took its name. */
  z.strictObject({ kind: z.literal('dead-agent'), ...common }),
  /** Not executed, unless `afterExecution`. */
  z.strictObject({
    kind: z.literal('http-5xx'),
    status: z.number().int().min(500).max(599).optional(),
    afterExecution: z.boolean().optional(),
    ...common,
  }),
  /** Executed, and no answer: the connection hangs until `resetAfterMs`, or breaks at once when absent. */
  z.strictObject({ kind: z.literal('accept-then-timeout'), resetAfterMs: ms.optional(), ...common }),
  /** No answer now; the engine executes the request `delayMs` later, when `expiresAfter` is checked again. */
  z.strictObject({ kind: z.literal('arrive-late'), delayMs: ms, resetAfterMs: ms.optional(), ...common }),
  /** `orderStatus` answers unknownOid although the order exists. */
  z.strictObject({ kind: z.literal('unknown-oid'), ...common }),
  /** `clearinghouseState` answers the state of `lagMs` ago (0–60 s), with that state's time. */
  z.strictObject({ kind: z.literal('snapshot-lag'), lagMs: z.number().int().min(0).max(60_000), ...common }),
  /** `clearinghouseState` answers the present state with a time moved by `offsetMs` (future or stale). */
  z.strictObject({ kind: z.literal('snapshot-time'), offsetMs: z.number().int(), ...common }),
  /** `candleSnapshot` does not have the bar that opened at `openTimeMs` yet: the venue publishes it late. */
  z.strictObject({ kind: z.literal('candle-late'), openTimeMs: epochMs, ...common }),
  /** Requests about a HIP-3 dex answer 500. Give the dex in `match.dex`; all dexes otherwise. */
  z.strictObject({ kind: z.literal('dex-failure'), ...common }),
  /** Requests about a HIP-3 dex are answered as if none had been named: with the native one. */
  z.strictObject({ kind: z.literal('dex-ignored'), ...common }),
  /** `clearinghouseState` answers positions as they are, and amounts of money times `factor`. */
  z.strictObject({ kind: z.literal('money-wrong'), factor: z.number().min(0).max(100), ...common }),
  /** A list (of `match.type`) has this row beside its own, as a venue that learned something new would send. */
  z.strictObject({ kind: z.literal('odd-row'), row: z.unknown(), ...common }),
  /** Closes every socket once at `fromMs`; until `toMs` new ones are closed at once. */
  z.strictObject({ kind: z.literal('ws-disconnect'), ...common }),
  /** Sockets stay open and nothing is sent, pongs included. */
  z.strictObject({ kind: z.literal('ws-mute'), ...common }),
  /** A subscription is answered with an error, as one of a coin that does not exist. */
  z.strictObject({ kind: z.literal('ws-refuse'), ...common }),
  z.strictObject({ kind: z.literal('ws-duplicate'), ...common }),
  /** A frame is held back until the next one, or for `holdMs` (500). */
  z.strictObject({ kind: z.literal('ws-reorder'), holdMs: ms.optional(), ...common }),
]);

export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault['kind'];
export const FAULT_KINDS: readonly FaultKind[] = faultSchema.options.map((option) => option.shape.kind.value);

export const faultScriptSchema = z.array(faultSchema).max(1_000);

export interface FaultContext {
  readonly path: '/info' | '/exchange' | '/ws';
  readonly type: string;
  readonly dex?: string | undefined;
  readonly user?: string | undefined;
  readonly coin?: string | undefined;
  readonly observer?: string | undefined;
  readonly userAgent?: string | undefined;
}

export interface FiredFault {
  readonly id: string;
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly path: string;
  readonly type: string;
}

const HTTP_KINDS: ReadonlySet<FaultKind> = new Set([
  'latency',
  'http-429',
  'refuse-action',
  'dead-agent',
  'http-5xx',
  'accept-then-timeout',
  'arrive-late',
  'unknown-oid',
  'snapshot-lag',
  'snapshot-time',
  'candle-late',
  'dex-failure',
  'dex-ignored',
  'money-wrong',
  'odd-row',
]);
/** `type` of the context in which a client asks for a subscription. */
export const SUBSCRIBE = 'subscribe';
const MAX_FIRED = 100_000;

/** A list of faults and what it has already done. Deterministic: it only looks at market time and counts. */
export class FaultScript {
  #faults: readonly Fault[] = [];
  #seen = new Map<string, number>();
  #closed = new Set<string>();
  readonly fired: FiredFault[] = [];

  install(faults: readonly Fault[]): void {
    this.#faults = faults;
    this.#seen = new Map();
    this.#closed = new Set();
  }

  get faults(): readonly Fault[] {
    return this.#faults;
  }

  /** Every fault that hits this request or frame now; each is counted and recorded. */
  hits(context: FaultContext, nowMs: number): Fault[] {
    if (this.#faults.length === 0) return [];
    return this.#faults.filter((fault) => {
      if (fault.kind === 'ws-disconnect') return false;
      if (HTTP_KINDS.has(fault.kind) !== (context.path !== '/ws')) return false;
      if (!applies(fault, context) || !matches(fault.match, context) || !inWindow(fault, nowMs)) return false;
      const seen = (this.#seen.get(fault.id) ?? 0) + 1;
      this.#seen.set(fault.id, seen);
      const first = fault.nth ?? 1;
      const last = first + (fault.count ?? (fault.nth === undefined ? Number.POSITIVE_INFINITY : 1)) - 1;
      if (seen < first || seen > last) return false;
      this.#note(fault, context, nowMs);
      return true;
    });
  }

  /** Disconnects that are due: each once. */
  dueDisconnects(nowMs: number): Fault[] {
    return this.#faults.filter((fault) => {
      if (fault.kind !== 'ws-disconnect' || this.#closed.has(fault.id) || nowMs < (fault.fromMs ?? 0)) return false;
      this.#closed.add(fault.id);
      this.#note(fault, { path: '/ws', type: 'disconnect' }, nowMs);
      return true;
    });
  }

  /** Earliest market time at which something happens by itself. */
  nextAtMs(): number | null {
    let next: number | null = null;
    for (const fault of this.#faults) {
      if (fault.kind !== 'ws-disconnect' || this.#closed.has(fault.id)) continue;
      next = Math.min(next ?? Number.POSITIVE_INFINITY, fault.fromMs ?? 0);
    }
    return next;
  }

  /** True while a disconnect's window also keeps new sockets out. */
  refusesSockets(nowMs: number): boolean {
    return this.#faults.some(
      (fault) => fault.kind === 'ws-disconnect' && fault.toMs !== undefined && inWindow(fault, nowMs),
    );
  }

  /** True while sockets are mute, so that the venue does not close them for silence either. */
  mutesSockets(nowMs: number): boolean {
    return this.#faults.some((fault) => fault.kind === 'ws-mute' && inWindow(fault, nowMs));
  }

  state(): unknown {
    return { faults: this.#faults, seen: [...this.#seen], closed: [...this.#closed], fired: this.fired };
  }

  restore(state: unknown): void {
    const saved = state as {
      faults: Fault[];
      seen: [string, number][];
      closed: string[];
      fired: FiredFault[];
    };
    this.#faults = saved.faults;
    this.#seen = new Map(saved.seen);
    this.#closed = new Set(saved.closed);
    this.fired.splice(0, this.fired.length, ...saved.fired);
  }

  #note(fault: Fault, context: FaultContext, atMs: number): void {
    if (this.fired.length >= MAX_FIRED) return;
    this.fired.push({ id: fault.id, kind: fault.kind, atMs, path: context.path, type: context.type });
  }
}

/** What the venue knows about signers. */
const AGENT_QUESTIONS: ReadonlySet<string> = new Set(['userRole', 'extraAgents']);

const inWindow = (fault: Fault, nowMs: number): boolean =>
  nowMs >= (fault.fromMs ?? 0) && nowMs < (fault.toMs ?? Number.POSITIVE_INFINITY);

/** Kinds that only make sense for one type of request. */
function applies(fault: Fault, context: FaultContext): boolean {
  if (fault.kind === 'unknown-oid') return context.type === 'orderStatus';
  if (fault.kind === 'snapshot-lag' || fault.kind === 'snapshot-time' || fault.kind === 'money-wrong')
    return context.type === 'clearinghouseState';
  if (fault.kind === 'candle-late') return context.type === 'candleSnapshot';
  if (fault.kind === 'odd-row') return context.path === '/info';
  if (fault.kind === 'dex-failure' || fault.kind === 'dex-ignored')
    return context.dex !== undefined && context.dex !== '';
  // Asked for one thing only, and no other fault hits that.
  if ((fault.kind === 'ws-refuse') !== (context.type === SUBSCRIBE)) return false;
  if (fault.kind === 'arrive-late' || fault.kind === 'refuse-action') return context.path === '/exchange';
  if (fault.kind === 'dead-agent') return context.path === '/exchange' || AGENT_QUESTIONS.has(context.type);
  return true;
}

function matches(match: Fault['match'], context: FaultContext): boolean {
  if (!match) return true;
  const same = (wanted: string | undefined, got: string | undefined) =>
    wanted === undefined || wanted.toLowerCase() === (got ?? '').toLowerCase();
  const observer =
    match.observer === undefined ||
    context.observer === match.observer ||
    (context.userAgent ?? '').includes(match.observer);
  return (
    observer &&
    (match.observed === undefined || match.observed === (context.observer !== undefined)) &&
    same(match.path, context.path) &&
    same(match.type, context.type) &&
    same(match.dex, context.dex) &&
    same(match.user, context.user) &&
    same(match.coin, context.coin)
  );
}
