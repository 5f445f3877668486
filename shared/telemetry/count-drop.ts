import { ODD_LISTS } from '#shared/core/odd-row.ts';
import { MONEY_DOUBTS } from '#shared/core/portfolio/account-state.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from './names.ts';

/** What is refused or dropped at a wall, with every reason for it: the counter's series begin with them. */
const WALLS = {
  job: ['malformed'],
  'market-bundle': ['malformed'],
  'account-event': ['malformed'],
  'order-command': ['malformed', 'no-such-order'],
  tick: ['no-price'],
  candle: [
    ...['not-a-number', 'not-positive', 'inconsistent', 'misaligned'],
    ...['unasked', 'contradictory', 'unreadable', 'refused'],
  ] as const,
  equity: MONEY_DOUBTS,
  'sub-account': ['not-read'],
  transfers: ['not-read'],
  'account-view': ['not-read', 'incomplete', 'from-the-future'],
  'observer-document': ['unreadable'],
  /** Of a stream of trades. */
  feed: [
    ...['oversized', 'malformed', 'unexpected-channel', 'malformed-trade', 'unknown-coin'],
    ...['too-many-symbols', 'venue-error'],
  ] as const,
  /** Of a feed that asks for prices. */
  price: ['no-price', 'malformed-price', 'rate-limited', 'poll-failed'],
} as const;
type Walls = typeof WALLS;
export type Wall = keyof Walls;
export type DropCode<What extends Wall> = Walls[What][number];

const ODD_ROW = 'odd-row';
/** Labels of each series. */
export const DROPS: readonly { readonly what: string; readonly code: string }[] = [
  ...Object.entries(WALLS).flatMap(([what, codes]) => codes.map((code) => ({ what, code }))),
  ...ODD_LISTS.map((what) => ({ what, code: ODD_ROW })),
];

/** Counts inputs that a wall did not let through, and gives their labels for the log line. */
export function countDrop<What extends Wall>(
  telemetry: Pick<Telemetry, 'count'>,
  what: What,
  code: DropCode<What>,
  value = 1,
): { readonly what: What; readonly code: DropCode<What> } {
  const labels = { what, code };
  telemetry.count(metrics.inputsDropped, value, labels);
  return labels;
}

/** Counts a row of a venue's list that was set aside. */
export const countOddRow = (telemetry: Pick<Telemetry, 'count'>, list: (typeof ODD_LISTS)[number]): void =>
  telemetry.count(metrics.inputsDropped, 1, { what: list, code: ODD_ROW });
