import { settlePromises } from '#shared/adapters/memory/virtual-clock.ts';

/**
 * Knows whether anything is on its way through a socket: a request without its reply, or a frame that the venue has sent and
 * the feed has not yet read. A replay moves market time only when nothing is.
 */
export class IoTracker {
  #requests = 0;
  #framesExpected = 0;
  #framesReceived = 0;
  #waiters: (() => void)[] = [];

  requestBegan(): void {
    this.#requests += 1;
  }
  requestEnded(): void {
    this.#requests -= 1;
    this.#wake();
  }
  /** The venue says that it sent `count` more frames to the feed. */
  expectFrames(count: number): void {
    this.#framesExpected += count;
  }
  frameReceived(): void {
    this.#framesReceived += 1;
    this.#wake();
  }
  /** A socket was lost: what it still owed will not come. */
  forgetFrames(): void {
    this.#framesExpected = this.#framesReceived;
    this.#wake();
  }

  get idle(): boolean {
    return this.#requests === 0 && this.#framesReceived >= this.#framesExpected;
  }

  /** Resolves when nothing is in flight and every promise has settled. */
  async quiesce(): Promise<void> {
    for (;;) {
      await settlePromises();
      if (this.idle) return;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
