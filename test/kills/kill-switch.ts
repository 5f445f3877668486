import { writeFileSync } from 'node:fs';
import type { KillPoint, KillVariant, PlannedKill } from './kill-plan.ts';

/** What the dying process leaves behind for its judge. */
export interface DeathNote {
  readonly point: KillPoint;
  readonly variant: KillVariant;
  readonly atMs: number;
  /** Orders that it was about. */
  readonly clientOrderIds: readonly string[];
}

/** Ends the own process with `kill -9` at the planned occurrence of the planned place. Asleep until armed. */
export class KillSwitch {
  readonly #plan: PlannedKill;
  readonly #notePath: string;
  #armed = false;
  #seen = 0;

  constructor(plan: PlannedKill, notePath: string) {
    this.#plan = plan;
    this.#notePath = notePath;
  }

  arm(): void {
    this.#armed = true;
  }

  /** Tells that the process is at this place; does not return when this is the place to die. */
  reach(point: KillPoint, variant: KillVariant, clientOrderIds: readonly string[]): void {
    if (this.isDue(point, variant)) this.die(clientOrderIds);
  }

  /** Counts one occurrence; true when it is the planned one. */
  isDue(point: KillPoint, variant: KillVariant): boolean {
    if (!this.#armed || point !== this.#plan.point || variant !== this.#plan.variant) return false;
    this.#seen += 1;
    return this.#seen === this.#plan.nth;
  }

  get plan(): PlannedKill {
    return this.#plan;
  }

  die(clientOrderIds: readonly string[]): never {
    const { point, variant } = this.#plan;
    const note: DeathNote = { point, variant, atMs: Date.now(), clientOrderIds };
    writeFileSync(this.#notePath, JSON.stringify(note));
    process.kill(process.pid, 'SIGKILL');
    // The signal is on its way; not one more statement may run.
    for (;;);
  }
}
