import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { MinistackUnavailable, ministackPython } from './ministack-venv.ts';

export interface MinistackOptions {
  /** Its files and its log (`ministack.log`); made when absent. It keeps nothing from one start to the next. */
  readonly stateDir: string;
  /** The environment of this process. What AWS's tools read of it is left out: it must not reach the emulator's Lambdas. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** More variables, for the emulator and the Lambdas that it runs: `AWS_ENDPOINT_URL_RDS_DATA`. */
  readonly env?: Readonly<Record<string, string>>;
  /** A free one by default. */
  readonly port?: number;
  readonly region?: string;
  /** Of the Python to make its environment with: `python3`. */
  readonly python?: string;
}

export interface Ministack {
  readonly endpoint: string;
  readonly port: number;
  readonly pid: number;
  readonly logPath: string;
  /** What a process needs to take this for AWS: addresses, region, credentials that say "test". */
  readonly clientEnvironment: Readonly<Record<string, string>>;
  /** Empties it: no resource is left. */
  reset(): Promise<void>;
  /** Ends it and the Lambdas that it started. May be called again. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 50;
const STARTS_MAX = 3;
const LISTENING = 'Running on http';
const OUTPUT_CHARS_MAX = 1_500;

/** Starts the emulator on loopback and resolves when it answers; throws `MinistackUnavailable` when it cannot be had. */
export async function startMinistack(options: MinistackOptions): Promise<Ministack> {
  const python = await ministackPython(options.python);
  for (let starts = 1; ; starts += 1) {
    try {
      return await startOnce(python, options, options.port ?? (await freePort()));
    } catch (error) {
      // Somebody else may have taken the port in between.
      if (options.port !== undefined || starts >= STARTS_MAX) throw error;
    }
  }
}

async function startOnce(python: string, options: MinistackOptions, port: number): Promise<Ministack> {
  const { stateDir, region = 'ap-northeast-1' } = options;
  const temporary = join(stateDir, 'tmp');
  mkdirSync(temporary, { recursive: true });
  // Lambdas are unpacked here; a "type": "module" further up would silently kill their CommonJS worker.
  writeFileSync(join(temporary, 'package.json'), '{}\n');
  const endpoint = `http://127.0.0.1:${port}`;
  const clientEnvironment = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  const inherited = Object.entries(options.environment).filter(([name]) => !name.startsWith('AWS_'));
  const logPath = join(stateDir, 'ministack.log');
  const log = openSync(logPath, 'w');
  const child = spawn(python, ['-m', 'ministack'], {
    cwd: stateDir,
    // A group of its own, so that its Lambdas can be ended with it.
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      ...Object.fromEntries(inherited),
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_REGION: region,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      IOT_MTLS_ENABLED: '0',
      TMPDIR: temporary,
      // Lambdas run with the first node on the path, which may be older than this one.
      PATH: [dirname(process.execPath), options.environment.PATH ?? ''].join(delimiter),
      ...options.env,
    },
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const killed = () => endGroup(child, 'SIGKILL');
  process.once('exit', killed);
  const stop = async (): Promise<void> => {
    await end(child, ended);
    process.off('exit', killed);
  };
  try {
    await untilHealthy(endpoint, child, logPath);
  } catch (error) {
    await stop();
    throw error;
  }
  const reset = async (): Promise<void> => {
    const reply = await fetch(`${endpoint}/_ministack/reset`, { method: 'POST' });
    if (!reply.ok) throw new Error(`ministack answered ${reply.status} to a reset`);
  };
  return { endpoint, port, pid: child.pid!, logPath, clientEnvironment, reset, stop };
}

async function untilHealthy(endpoint: string, child: ChildProcess, logPath: string): Promise<void> {
  const deadlineMs = systemClock.nowMs() + READY_TIMEOUT_MS;
  while (systemClock.nowMs() < deadlineMs) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) break;
    try {
      const reply = await fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(1_000) });
      await reply.body?.cancel();
      // Whoever else has the port answers too; only ours writes into this log that it listens.
      if (reply.ok && readFileSync(logPath, 'utf8').includes(LISTENING)) return;
    } catch {
      // Not listening yet.
    }
    await systemClock.sleep(POLL_MS);
  }
  throw new MinistackUnavailable(
    `ministack did not start on ${endpoint}\n${readFileSync(logPath, 'utf8').slice(-OUTPUT_CHARS_MAX)}`,
  );
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  endGroup(child, 'SIGTERM');
  const timer = systemClock.setTimer(STOP_TIMEOUT_MS, () => endGroup(child, 'SIGKILL'));
  await ended;
  timer.cancel();
  // Lambdas that outlived it.
  endGroup(child, 'SIGKILL');
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
