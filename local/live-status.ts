import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import type { Shutdown } from './shutdown.ts';
import { statusLines } from './status-line.ts';
import type { Terminal } from './terminal.ts';

export interface LiveStatusOptions {
  readonly terminal: Pick<Terminal, 'status' | 'say'>;
  readonly shutdown: Pick<Shutdown, 'requested'>;
  readonly everyMs: number;
  /** Of each exchange. */
  readonly snapshots: () => Promise<readonly PlatformSnapshot[]>;
  /** Prices seen since the start; null where they pass by elsewhere. */
  readonly ticks: (() => number) | null;
}

/** Keeps the terminal's live line true until the end is asked for. While one reading takes its time, no other begins. */
export function showLiveStatus({ terminal, shutdown, everyMs, snapshots, ticks }: LiveStatusOptions): void {
  let reading = false;
  let last = { ticks: ticks?.() ?? 0, atMs: performance.now() };
  const rate = (): number | null => {
    if (ticks === null) return null;
    const now = { ticks: ticks(), atMs: performance.now() };
    const perSecond = ((now.ticks - last.ticks) / (now.atMs - last.atMs)) * 1000;
    last = now;
    return perSecond;
  };
  setInterval(async () => {
    if (reading || shutdown.requested) return;
    reading = true;
    try {
      const line = statusLines(await snapshots(), rate());
      if (!shutdown.requested) terminal.status(line, Date.now());
    } catch (error) {
      if (!shutdown.requested) terminal.say(`status unreadable: ${(error as Error).message}`);
    } finally {
      reading = false;
    }
  }, everyMs);
}
