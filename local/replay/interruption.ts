import { setTimeout as realTimeout } from 'node:timers';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A stop that hangs is cut off: the databases are right at any moment. */
const PATIENCE_MS = 15_000;

/** Ctrl-C and its kin: asked for once, heard between two instants. */
export class Interruption {
  #asked = false;
  readonly #asking = Promise.withResolvers<void>();
  readonly #listener = () => this.#ask();

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#listener);
  }

  get asked(): boolean {
    return this.#asked;
  }

  /** Resolves once it is asked for. */
  wait(): Promise<void> {
    return this.#asking.promise;
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#listener);
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#asking.resolve();
    realTimeout(() => process.exit(0), PATIENCE_MS).unref();
  }
}
