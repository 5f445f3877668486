import { type OddList, type OddRow, oddRowSource } from '#shared/core/odd-row.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';

export interface SetAsideDeps {
  readonly deadLetters: DeadLetters;
  readonly alerts: Alerts;
}

/** More of one answer are counted, not kept. */
const STORED_MAX = 50;
/** Lists of what is now: their row is the same trouble for as long as it is there. Rows of the others happened once. */
const OF_THE_PRESENT: ReadonlySet<OddList> = new Set(['positions', 'open-orders', 'marks', 'instruments']);
const CRITICAL: ReadonlySet<OddList> = new Set(['fills', 'positions', 'open-orders', 'ledger']);

/** Those that were never set aside before. One statement a list that has odd rows. */
export async function neverSeen(
  deps: Pick<SetAsideDeps, 'deadLetters'>,
  exchange: string,
  odd: readonly OddRow[],
): Promise<readonly OddRow[]> {
  const fresh: OddRow[] = [];
  for (const [list, rows] of Map.groupBy(odd, (row) => row.list)) {
    const keys = rows.map((row) => row.key);
    const known = await deps.deadLetters.known(oddRowSource(exchange, list), keys);
    fresh.push(...rows.filter((row) => !known.has(row.key)));
  }
  return fresh;
}

/**
 * Stores odd rows with their payload, each once, and raises an alert for every list and symbol that they are of. What they could
 * mean is unknown to whoever read the list; that is settled before they are set aside, so that a crash repeats it. Gives the new
 * ones.
 */
export async function setAsideOddRows(
  deps: SetAsideDeps,
  exchange: string,
  odd: readonly OddRow[],
): Promise<readonly OddRow[]> {
  if (odd.length === 0) return [];
  const fresh = await neverSeen(deps, exchange, odd);
  const told = [...fresh, ...odd.filter((row) => OF_THE_PRESENT.has(row.list) && !fresh.includes(row))];
  for (const rows of Map.groupBy(told, (row) => JSON.stringify([row.list, row.symbol])).values()) {
    const { list, symbol, why, payload, venueTimeMs } = rows[0]!;
    await deps.alerts.raise({
      id: `odd-row:${exchange}:${list}:${symbol ?? ''}`,
      kind: 'odd-row',
      severity: CRITICAL.has(list) ? 'critical' : 'warning',
      exchange,
      symbol,
      message: `the venue's ${list} have a row that cannot be read or cannot be true: what it could mean is unknown`,
      detail: { list, why, payload: payload.slice(0, 1000), venueTimeMs, count: rows.length },
    });
  }
  for (const { list, key, why, payload } of fresh.slice(0, STORED_MAX)) {
    await deps.deadLetters.store({
      source: oddRowSource(exchange, list),
      recordId: key,
      error: why,
      payload,
      attempts: 1,
    });
  }
  return fresh;
}
