import { type Decimal, dec, ZERO } from '#shared/core/decimal.ts';
import type { LedgerEvent, WireFill, World } from '../../venue/world.ts';
import { wireDecimal } from '../../wire-number.ts';

export const MAX_FILLS = 2_000;
const MAX_UPDATES = 500;
const NO_HASH = `0x${'0'.repeat(64)}`;

export interface FillWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly aggregateByTime: boolean;
  readonly reversed: boolean;
}

/** The newest ones, newest first. */
export const newestFills = (fills: readonly WireFill[], aggregateByTime: boolean): WireFill[] =>
  (aggregateByTime ? aggregated(fills) : fills).slice(-MAX_FILLS).reverse();

/** From `fromMs`, oldest first; from `toMs` backwards when reversed. */
export function fillsBetween(all: readonly WireFill[], window: FillWindow): WireFill[] {
  const within = all.filter((fill) => fill.time >= window.fromMs && fill.time <= window.toMs);
  const fills = window.aggregateByTime ? aggregated(within) : within;
  return (window.reversed ? fills.toReversed() : fills).slice(0, MAX_FILLS);
}

/**
 * Puts together the fills of one order in one transaction: sizes, profits and fees are added, the price is their average, the
 * rest is the first one's. https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint#retrieve-a-users-fills-by-time
 */
export function aggregated(fills: readonly WireFill[]): WireFill[] {
  const groups = new Map<string, WireFill[]>();
  for (const fill of fills) {
    const key = `${fill.oid} ${fill.time} ${fill.hash}`;
    const group = groups.get(key);
    if (group) group.push(fill);
    else groups.set(key, [fill]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group as [WireFill, ...WireFill[]];
    if (group.length === 1) return first;
    const sum = (of: (fill: WireFill) => Decimal): Decimal => group.reduce((total, fill) => total.plus(of(fill)), ZERO);
    const size = sum((fill) => dec(fill.sz));
    const builderFee = sum((fill) => dec(fill.builderFee ?? '0'));
    return {
      ...first,
      px: wireDecimal(
        sum((fill) => dec(fill.px).times(fill.sz))
          .div(size)
          .toSignificantDigits(8),
      ),
      sz: wireDecimal(size),
      closedPnl: wireDecimal(sum((fill) => dec(fill.closedPnl))),
      fee: wireDecimal(sum((fill) => dec(fill.fee))),
      ...(builderFee.isZero() ? {} : { builderFee: wireDecimal(builderFee) }),
    };
  });
}

/** Deposits and withdrawals, oldest first. */
export const ledgerUpdates = (world: World, user: string, fromMs: number, toMs: number): unknown[] =>
  updates(world, user, ['deposit', 'withdraw'], fromMs, toMs);

/** Funding that was paid or received, oldest first. One row is one hour, so it has no number of samples. */
export const fundingUpdates = (world: World, user: string, fromMs: number, toMs: number): unknown[] =>
  updates(world, user, ['funding'], fromMs, toMs);

function updates(world: World, user: string, kinds: readonly string[], fromMs: number, toMs: number): unknown[] {
  return world.events
    .filter((event) => kinds.includes(event.kind) && event.user === user && event.atMs >= fromMs && event.atMs <= toMs)
    .slice(0, MAX_UPDATES)
    .map(ledgerUpdate);
}

function ledgerUpdate(event: LedgerEvent): unknown {
  const { kind, atMs, user: _, hash, ...delta } = event;
  const samples = kind === 'funding' ? { nSamples: null } : {};
  return { time: atMs, hash: hash ?? NO_HASH, delta: { type: kind, ...delta, ...samples } };
}

/** Of a user, newest first. */
export const newestFundings = (world: World, user: string): unknown[] =>
  world.events
    .filter((event) => event.kind === 'funding' && event.user === user)
    .slice(-MAX_UPDATES)
    .reverse()
    .map(wireFunding);

/** A funding payment as the socket tells it. */
export function wireFunding(event: LedgerEvent) {
  const { kind: _, atMs, user: __, ...payment } = event;
  return { time: atMs, ...payment, nSamples: null };
}
