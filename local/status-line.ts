import { dec } from '#shared/core/decimal.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';

const usd = (text: string): string => dec(text).toFixed(2);
const seconds = (ms: number): string => (ms < 90_000 ? `${Math.round(ms / 1000)}s` : `${Math.round(ms / 60_000)}m`);

/**
 * One line for the terminal: what a glance wants to know. Unknown is said, not shown as zero. `ticksPerSecond` is null where
 * prices pass by elsewhere.
 */
export function statusLine(snapshot: PlatformSnapshot, ticksPerSecond: number | null): string {
  const { system, money, symbols, counts, lastRefusal } = snapshot;
  const held = symbols.filter((s) => s.actual && !dec(s.actual.size).isZero()).length;
  const state = system ? `${system.state}${system.lockMode ? ` (${system.lockMode})` : ''}` : 'no state yet';
  const waiting = system?.missing[0] ? ` waits for ${system.missing[0].code}` : '';
  const failing = (snapshot.readiness?.checks ?? []).filter(({ check, ok }) => !ok && check !== 'state');
  const unready = failing.length === 0 ? '' : `, not ready: ${failing.map(({ check }) => check).join(', ')}`;
  const refusal = lastRefusal ? `${lastRefusal.symbol} ${lastRefusal.code} ${seconds(lastRefusal.ageMs)} ago` : 'none';
  return [
    `${state}${waiting}${unready}`,
    ...(ticksPerSecond === null ? [] : [`${ticksPerSecond.toFixed(1)} ticks/s`]),
    equityText(money),
    `positions ${held}`,
    `orders ${counts.workingOrders} working${counts.unknownOrders > 0 ? `, ${counts.unknownOrders} UNKNOWN` : ''}`,
    `last refusal: ${refusal}`,
  ].join(' | ');
}

/** The lines of all exchanges in one; each says whose it is where there are several. */
export const statusLines = (snapshots: readonly PlatformSnapshot[], ticksPerSecond: number | null): string =>
  snapshots
    .map((snapshot, index) => {
      const line = statusLine(snapshot, index === 0 ? ticksPerSecond : null);
      return snapshots.length === 1 ? line : `${snapshot.exchange} ${line}`;
    })
    .join(' || ');

/** Money that is not believed is unknown; what was believed last is said with its age. */
function equityText(money: PlatformSnapshot['money']): string {
  if (money === null || money.equityQuote === null) return 'equity unknown';
  const last = `${usd(money.equityQuote)} (${seconds(money.equityAgeMs ?? money.ageMs)} old)`;
  return money.doubt ? `equity UNKNOWN: ${money.doubt.code}, last ${last}` : `equity ${last}`;
}
