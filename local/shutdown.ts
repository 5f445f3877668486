import type { Terminal } from './terminal.ts';

/** How long a stop may take before the process ends without it, unless told otherwise. */
const STOP_LIMIT_MS = 10_000;

/**
 * Ends the process in order, whatever asks for it: Ctrl-C, a signal, a bug, a full disk. Asked while the platform still starts,
 * it waits for what there is to stop; asked again, it is already on its way.
 */
export class Shutdown {
  readonly #terminal: Terminal;
  readonly #limitMs: number;
  #stop: (() => Promise<void>) | null = null;
  #code: number | null = null;
  #ending = false;

  constructor(terminal: Terminal, limitMs = STOP_LIMIT_MS) {
    this.#terminal = terminal;
    this.#limitMs = limitMs;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.end(0));
    const bug = (error: unknown) => this.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.on('uncaughtException', bug);
    process.on('unhandledRejection', bug);
  }

  /** True once the end was asked for. */
  get requested(): boolean {
    return this.#code !== null;
  }

  /** True once something has failed. */
  get failed(): boolean {
    return this.#code === 1;
  }

  /** What stops everything; called once, at once when the end was asked for before. */
  arm(stop: () => Promise<void>): void {
    this.#stop = stop;
    if (this.#code !== null) void this.#run();
  }

  /** Said once: whatever fails after a failure follows from it, and a stack trace would bury the sentence that says why. */
  fail(why: string): void {
    if (this.#code !== 1) this.#terminal.say(`3T stops: ${why}`);
    this.end(1);
  }

  end(code: number): void {
    // A failure on the way out is still a failure.
    this.#code = Math.max(this.#code ?? 0, code);
    if (this.#stop) void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#terminal.end();
    setTimeout(() => process.exit(1), this.#limitMs).unref();
    try {
      await this.#stop?.();
    } catch (error) {
      this.#terminal.say(`while stopping: ${(error as Error).message}`);
      this.#code = 1;
    }
    process.exit(this.#code ?? 0);
  }
}
