import type { Terminal } from '../terminal.ts';

const EVERY_MS = 500;

const clockTime = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** The one live line of a replay: how far it is, how fast, and how long it will take at that. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #span: { readonly startMs: number; readonly endMs: number; readonly fromMs: number };
  readonly #beganMs = performance.now();
  #shownMs: number | null = null;
  #ticksShown = 0;

  /** `fromMs`: where this process begins; later than `startMs` when it resumes. */
  constructor(terminal: Terminal, span: { readonly startMs: number; readonly endMs: number; readonly fromMs: number }) {
    this.#terminal = terminal;
    this.#span = span;
  }

  /** May be called at every instant: it shows itself twice a second. */
  show(nowMs: number, ticks: number): void {
    const wallMs = performance.now();
    const sinceMs = wallMs - (this.#shownMs ?? this.#beganMs);
    if (sinceMs < EVERY_MS) return;
    const rate = this.#shownMs === null ? 0 : ((ticks - this.#ticksShown) * 1000) / sinceMs;
    this.#shownMs = wallMs;
    this.#ticksShown = ticks;
    const { startMs, endMs, fromMs } = this.#span;
    const part = (nowMs - startMs) / Math.max(1, endMs - startMs);
    const wallPerMarketMs = (wallMs - this.#beganMs) / Math.max(1, nowMs - fromMs);
    const left = nowMs > fromMs ? spanText((endMs - nowMs) * wallPerMarketMs) : '…';
    this.#terminal.status(
      `${(100 * part).toFixed(1)} % | ${clockTime(nowMs)} UTC | ${rate.toFixed(rate < 10 ? 1 : 0)} ticks/s | ${left} left`,
      wallMs,
    );
  }
}
