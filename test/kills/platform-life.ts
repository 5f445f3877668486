import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { StateDirectory } from '#local/state-directory.ts';
import type { PlannedKill } from './kill-plan.ts';

const ENTRY = join(import.meta.dirname, 'platform-process.ts');
const EXIT_AFTER_KILL_MS = 5_000;

/** One process of the platform, from its start to its death. */
export interface PlatformLife {
  readonly startedAtMs: number;
  /** True once `start` has returned and its runs exist. */
  isStarted(): boolean;
  /** Lets the strategy go and arms the kill switch. */
  letGo(): void;
  kill(): void;
  /** The signal or exit code that ended it; null when it lives on for `timeoutMs`. */
  died(timeoutMs: number): Promise<string | null>;
}

/** Processes of this run that are still alive. */
const living = new Set<ChildProcess>();
export function killAllLives(): void {
  for (const child of living) child.kill('SIGKILL');
}

/** Starts the platform on a state directory. Its output goes to `<state>/logs/platform-process.log`. */
export function startLife(state: StateDirectory, orderTimeoutS: number, kill: PlannedKill): PlatformLife {
  const log = openSync(join(state.logs, 'platform-process.log'), 'a', 0o600);
  const startedAtMs = Date.now();
  const child = spawn(process.execPath, [ENTRY, state.path, String(orderTimeoutS), JSON.stringify(kill)], {
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  living.add(child);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      living.delete(child);
      resolve(signal ?? `exit code ${code}`);
    });
    child.once('error', (error) => resolve(error.message));
  });
  let started = false;
  child.on('message', (message) => {
    if (message === 'started') started = true;
  });
  return {
    startedAtMs,
    isStarted: () => started,
    letGo: () => {
      if (child.connected) child.send('let-go', () => {});
    },
    kill: () => {
      child.kill('SIGKILL');
    },
    died: (timeoutMs) => Promise.race([ended, after(timeoutMs)]),
  };
}

const after = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), ms));

/** Kills and waits until it is gone. @throws when it is not. */
export async function endLife(life: PlatformLife): Promise<void> {
  life.kill();
  if ((await life.died(EXIT_AFTER_KILL_MS)) === null) throw new Error('a killed process did not die');
}
