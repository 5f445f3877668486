import type { EpochMs } from '../time.ts';

/** What a pass of the supervisor found, and left behind. */
export interface SupervisorPass {
  /** Managed symbols as the pass read them; one that was managed while it ran is not among them. */
  readonly managed: readonly { readonly symbol: string; readonly managedSinceMs: EpochMs | null }[];
  /** Symbols with live runs at its end. */
  readonly withRuns: ReadonlySet<string>;
  /** It created every run that was missing, as far as symbols may take one: whoever has none now gets none. */
  readonly whole: boolean;
}

/**
 * Symbols that are managed since then or earlier have been given runs, or told that they get none. A pass that was cut off has told the
 * symbols without runs nothing: the next one may give them some. -1: nobody was told anything.
 */
export function toldUpToMs({ managed, withRuns, whole }: SupervisorPass): EpochMs {
  const sinceMs = managed.map((p) => p.managedSinceMs ?? 0);
  const newestMs = Math.max(-1, ...sinceMs);
  const untold = whole ? [] : managed.flatMap((p, i) => (withRuns.has(p.symbol) ? [] : [sinceMs[i]!]));
  return Math.min(newestMs, ...untold.map((ms) => ms - 1));
}

/** Of the heartbeat's row; null without a heartbeat. A release that did not write it told every symbol that was managed before it began. */
export function readToldUpToMs(detail: Readonly<Record<string, unknown>>, okAtMs: EpochMs | null): EpochMs | null {
  const { toldUpToMs: told } = detail;
  return okAtMs === null ? null : typeof told === 'number' ? told : okAtMs - 1;
}
