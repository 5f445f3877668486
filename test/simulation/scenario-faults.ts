import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import type { Draw } from './draw.ts';

/** What a scenario may do to the platform: the simulator's faults, plus what happens to our own process and plumbing. */
export const SCENARIO_FAULTS = [
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
  'dex-failure',
  'dex-ignored',
  'money-wrong',
  'ws-disconnect',
  'ws-mute',
  'ws-duplicate',
  'ws-reorder',
  'platform-kill',
  'redelivery',
] as const;
export type ScenarioFault = (typeof SCENARIO_FAULTS)[number];
export type VenueFault = Exclude<ScenarioFault, 'platform-kill' | 'redelivery'>;
export const isVenueFault = (kind: ScenarioFault): kind is VenueFault =>
  kind !== 'platform-kill' && kind !== 'redelivery';

/** Market time in which faults may begin. */
export interface FaultPeriod {
  readonly fromMs: number;
  readonly toMs: number;
}

const SECOND = 1_000;
const ORDER = { path: '/exchange', type: 'order' } as const;
const ANY_REQUEST = [
  {},
  { path: '/info' },
  { path: '/exchange' },
  ORDER,
  { type: 'clearinghouseState' },
  { type: 'orderStatus' },
  { type: 'userFillsByTime' },
] as const;
/** Of the venue for the moment, of one market, and in words that no document calls a refusal. */
const REFUSALS = [
  'Only post-only orders allowed immediately after a network upgrade',
  'Trading is halted.',
  'Order already exists',
] as const;
const OBSERVERS = [{ observer: 'observer-1' }, { observer: 'observer-2' }] as const;

/**
 * An observer that lies: it shows the account as it was, dated as if it were now. Nothing in its document gives it away; only
 * the other sources do.
 */
export function drawLiar(id: string, draw: Draw, period: FaultPeriod): readonly Fault[] {
  const fromMs = draw.int(period.fromMs, period.toMs);
  const window = { fromMs, toMs: Math.min(period.toMs, fromMs + draw.int(60 * SECOND, 300 * SECOND)) };
  const lagMs = draw.int(10 * SECOND, 60 * SECOND);
  const match = draw.oneOf(OBSERVERS);
  return [
    { id, kind: 'snapshot-time', offsetMs: lagMs, match, ...window },
    { id: `${id}-state`, kind: 'snapshot-lag', lagMs, match, ...window },
  ];
}

/** One fault of the kind with drawn time, target and strength. Faults of orders stay armed until an order comes. */
export function drawFault(kind: VenueFault, id: string, draw: Draw, period: FaultPeriod): Fault {
  const fromMs = draw.int(period.fromMs, period.toMs);
  const within = (leastS: number, mostS: number) => ({
    fromMs,
    toMs: Math.min(period.toMs, fromMs + draw.int(leastS * SECOND, mostS * SECOND)),
  });
  const nextOrders = () => ({
    fromMs: draw.int(period.fromMs, (period.fromMs + period.toMs) / 2),
    toMs: period.toMs,
    nth: draw.int(1, 3),
    count: draw.int(1, 2),
  });
  switch (kind) {
    case 'latency': {
      const delayMs = draw.oneOf([
        () => draw.int(50, 2_000),
        () => draw.int(2_000, 9_000),
        () => draw.int(9_000, 25_000),
      ])();
      return { id, kind, delayMs, match: draw.oneOf(ANY_REQUEST), ...within(20, 240), nth: 1, count: draw.int(1, 30) };
    }
    case 'http-429':
      return {
        id,
        kind,
        retryAfterSeconds: draw.chance(0.3) ? null : draw.int(1, 10),
        match: draw.oneOf(ANY_REQUEST),
        ...within(20, 180),
        nth: 1,
        count: draw.int(1, 12),
      };
    case 'refuse-action':
      // Few enough that no symbol is refused five times in a row: a HOLD waits for a human.
      return { id, kind, text: draw.oneOf(REFUSALS), match: ORDER, ...nextOrders(), count: draw.int(1, 3) };
    case 'dead-agent':
      return { id, kind, match: ORDER, ...nextOrders(), count: draw.int(1, 4) };
    case 'http-5xx':
      return {
        id,
        kind,
        status: draw.oneOf([500, 502, 503, 504]),
        afterExecution: draw.chance(0.4),
        match: draw.oneOf(ANY_REQUEST),
        ...within(20, 240),
        nth: 1,
        count: draw.int(1, 8),
      };
    case 'accept-then-timeout':
      return { id, kind, match: ORDER, ...nextOrders(), resetAfterMs: draw.oneOf([0, draw.int(500, 9_000), 60_000]) };
    case 'arrive-late':
      return {
        id,
        kind,
        match: ORDER,
        ...nextOrders(),
        // Within the order's life, around its expiry, and after it.
        delayMs: draw.oneOf([draw.int(500, 20_000), draw.int(25_000, 36_000), draw.int(36_000, 60_000)]),
        resetAfterMs: draw.oneOf([0, draw.int(1_000, 9_000), 60_000]),
      };
    case 'unknown-oid':
      return { id, kind, ...within(120, 900), nth: 1, count: draw.int(1, 12) };
    case 'snapshot-lag':
      return {
        id,
        kind,
        lagMs: draw.int(500, 60_000),
        match: draw.oneOf([{}, {}, ...OBSERVERS]),
        ...within(60, 300),
      };
    case 'snapshot-time':
      return {
        id,
        kind,
        offsetMs: draw.chance(0.5) ? draw.int(3_000, 600_000) : -draw.int(10_000, 600_000),
        match: draw.oneOf(OBSERVERS),
        ...within(60, 300),
      };
    case 'dex-failure':
    case 'dex-ignored':
      return { id, kind, match: { dex: 'xyz' }, ...within(20, 300) };
    case 'money-wrong':
      // To the own reader alone: what both observers read as well is believed.
      return { id, kind, factor: draw.oneOf([0, 0.5, 2]), match: { observed: false }, ...within(20, 300) };
    case 'ws-disconnect':
      return { id, kind, ...within(1, 90) };
    case 'ws-mute':
      return { id, kind, ...within(25, 180) };
    case 'ws-duplicate':
      return { id, kind, ...within(60, 600) };
    case 'ws-reorder':
      return { id, kind, holdMs: draw.int(100, 8_000), ...within(60, 600) };
  }
}
