import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#shared/adapters/system/system-clock.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'containers', 'price-producer', 'main.ts');
/** More than the producer itself takes to flush. */
const STOP_TIMEOUT_MS = 5_000;

export interface ProducerProcess {
  readonly pid: number;
  readonly logPath: string;
  readonly hasEnded: () => boolean;
  /** SIGTERM, as the container service would; SIGKILL when that does not end it. */
  stop(): Promise<void>;
}

export interface ProducerOptions {
  /** What the task definition would give the container. */
  readonly variables: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logPath: string;
}

/** The price producer as a process on its AWS adapters: what the container runs. */
export async function startProducer(options: ProducerOptions): Promise<ProducerProcess> {
  const log = openSync(options.logPath, 'a', 0o600);
  const child = spawn(process.execPath, [MAIN], {
    env: { ...options.environment, ...options.variables, HEALTH_PORT: '0' },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', () => resolve());
    child.once('error', reject);
  });
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);
  return {
    pid: child.pid!,
    logPath: options.logPath,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    stop: async () => {
      child.kill('SIGTERM');
      const timer = systemClock.setTimer(STOP_TIMEOUT_MS, () => child.kill('SIGKILL'));
      await ended;
      timer.cancel();
      process.off('exit', killed);
    },
  };
}
