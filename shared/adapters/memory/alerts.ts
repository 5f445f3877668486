import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';

export type RaisedAlert = Parameters<Alerts['raise']>[0] & {
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
};

/** Keeps the episodes in `raised`, oldest first. */
export function memoryAlerts(clock: Clock): Alerts & { readonly raised: () => readonly RaisedAlert[] } {
  const episodes = new Map<string, RaisedAlert>();
  return {
    async raise(alert) {
      const known = episodes.get(alert.id);
      const nowMs = clock.nowMs();
      episodes.set(alert.id, {
        ...alert,
        count: (known?.count ?? 0) + 1,
        firstAtMs: known?.firstAtMs ?? nowMs,
        lastAtMs: nowMs,
      });
    },
    raised: () => [...episodes.values()],
  };
}
