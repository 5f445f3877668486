import { Decimal, ZERO } from '#shared/core/decimal.ts';
import { signedSize } from '#shared/core/matching/match-order.ts';
import { MINUTE_MS } from '#shared/core/time.ts';
import type { Account, PathPoint, SimOrder, World } from './world.ts';

/**
 * How far a position passed what had been asked for.
 *
 * Every accepted order of the API asks for positions between P and P + S: S its signed size, P the position when it was
 * signed (its nonce is the signer's millisecond clock) or when it was accepted, whichever gave less information: the
 * position at the earlier of the two instants, moved by every foreign change since (manual trade, liquidation). A
 * reduce-only order never asks for the other side of zero. After each of its fills the position must lie in that range;
 * the distance outside, in lots, is the overshoot. So two orders decided from one view, whether both work at once or one
 * arrives late, show up here although each alone was in order. A decision taken from a stale view of the account can
 * only be seen against what it wanted: see `declareTargets`.
 */
export function openAskedRange(account: Account, order: SimOrder): void {
  const before = positionWhenSigned(account, order);
  const after = before.plus(signedSize(order.side, order.origSz));
  const crossed = order.reduceOnly && before.isNegative() !== after.isNegative();
  const end = crossed ? ZERO : after;
  order.asked = { low: Decimal.min(before, end), high: Decimal.max(before, end) };
}

/** A nonce further from the acceptance than this is not a clock reading. */
const MAX_NONCE_AGE_MS = 5 * MINUTE_MS;

function positionWhenSigned(account: Account, order: SimOrder): Decimal {
  const { nonce, acceptedAtMs } = order;
  let position = order.positionAtAcceptance;
  if (nonce === null || nonce >= acceptedAtMs || acceptedAtMs - nonce > MAX_NONCE_AGE_MS) return position;
  const path = account.paths.get(order.coin) ?? [];
  for (let i = path.length - 1; i >= 0; i -= 1) {
    const step = path[i] as PathPoint;
    if (step.atMs < nonce) break;
    // A step within the very millisecond of signing may have been known: it counts only when it came after.
    if (step.atMs === nonce) continue;
    if (!step.foreign) position = position.minus(step.change);
  }
  return position;
}

/** After each fill: writes the path, moves the ranges of the others for foreign changes, measures the order's own. */
export function noteFill(world: World, account: Account, order: SimOrder, sizeDecimals: number, step: PathPoint): void {
  const path = account.paths.get(order.coin) ?? [];
  if (path.length === 0) account.paths.set(order.coin, path);
  path.push(step);
  if (path.length > MAX_PATH) path.splice(0, path.length - MAX_PATH + 500);
  if (step.foreign) {
    for (const other of world.byCoin.get(order.coin)?.resting ?? []) {
      if (other.user !== order.user || other === order || other.asked === null) continue;
      other.asked = { low: other.asked.low.plus(step.change), high: other.asked.high.plus(step.change) };
    }
    return;
  }
  if (order.asked === null) return;
  const size = new Decimal(step.size);
  const outside = Decimal.max(ZERO, order.asked.low.minus(size), size.minus(order.asked.high));
  const lots = outside.times(10 ** sizeDecimals).toNumber();
  if (lots <= order.overshootLots) return;
  order.overshootLots = lots;
  if (lots > world.counters.maxOvershootLots) world.counters.maxOvershootLots = lots;
}

const MAX_PATH = 20_000;

export interface DeclaredTarget {
  readonly user: string;
  readonly coin: string;
  readonly cloid: string;
  /** Position that the sender wanted, signed base units. */
  readonly targetSize: string;
  /** Any text naming the sender's decision slot: two accepted orders of one slot are duplicates. */
  readonly epoch?: string | undefined;
}

export interface TargetReport {
  readonly maxOvershootLots: number;
  readonly duplicateOrders: number;
  readonly unknownCloids: readonly string[];
  readonly overshoots: readonly { readonly cloid: string; readonly oid: number; readonly lots: number }[];
}

/** Compares what happened with what the sender says it wanted: position past the target in the order's direction, after any of its fills. */
export function compareWithTargets(world: World, targets: readonly DeclaredTarget[]): TargetReport {
  const overshoots: { cloid: string; oid: number; lots: number }[] = [];
  const unknownCloids: string[] = [];
  const epochs = new Map<string, number>();
  for (const target of targets) {
    const order = world.byCloid.get(`${target.user.toLowerCase()} ${target.cloid.toLowerCase()}`);
    if (!order) {
      unknownCloids.push(target.cloid);
      continue;
    }
    if (order.asked === null) continue;
    if (target.epoch !== undefined) {
      const key = `${order.user} ${order.coin} ${target.epoch}`;
      epochs.set(key, (epochs.get(key) ?? 0) + 1);
    }
    const market = world.byCoin.get(order.coin);
    const path = world.accounts.get(order.user)?.paths.get(order.coin) ?? [];
    let worst = 0;
    for (const step of path) {
      if (step.oid !== order.oid) continue;
      const past =
        order.side === 'buy'
          ? new Decimal(step.size).minus(target.targetSize)
          : new Decimal(target.targetSize).minus(step.size);
      worst = Math.max(worst, past.times(10 ** (market?.spec.sizeDecimals ?? 0)).toNumber());
    }
    if (worst > 0) overshoots.push({ cloid: target.cloid, oid: order.oid, lots: worst });
  }
  return {
    maxOvershootLots: overshoots.reduce((max, o) => Math.max(max, o.lots), 0),
    duplicateOrders: [...epochs.values()].reduce((sum, n) => sum + n - 1, 0),
    unknownCloids,
    overshoots,
  };
}
