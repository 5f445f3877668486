import { dec } from '#shared/core/decimal.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';

const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 1000))} s old`;

/** What somebody who ends the platform leaves at the venue, in a sentence. An unknown position is named, not left out. */
export function openPositionsText({ nowMs, money, symbols, foreignPositions }: PlatformSnapshot): string {
  const known = symbols.flatMap(({ symbol, actual }) => (actual === null ? [] : [{ symbol, ...actual }]));
  const open = [...known, ...foreignPositions]
    .filter(({ size }) => !dec(size).isZero())
    .map(({ symbol, size, ageMs }) => `${symbol} ${size} (${seconds(ageMs)})`);
  const unknown = symbols.filter(({ managed, actual }) => managed && actual === null).map(({ symbol }) => symbol);
  const asOf = `${new Date(nowMs - (money?.ageMs ?? 0)).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const parts = [
    open.length === 0
      ? money === null
        ? 'the account was never read'
        : `no known position stays open (account of ${asOf})`
      : `these positions stay open, and nothing watches them until the next start: ${open.join(', ')}`,
    ...(unknown.length === 0 ? [] : [`unknown: ${unknown.join(', ')}`]),
  ];
  return parts.join('; ');
}

/** The same of each exchange, by name where there are several. */
export const openPositionsTexts = (snapshots: readonly PlatformSnapshot[]): string =>
  snapshots
    .map((snapshot) => `${snapshots.length === 1 ? '' : `${snapshot.exchange}: `}${openPositionsText(snapshot)}`)
    .join('\n');
