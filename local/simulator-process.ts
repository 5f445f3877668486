import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
import { isAlive, type SimulatorFile, type StateDirectory } from './state-directory.ts';

const READY_TIMEOUT_MS = 30_000;
const ENTRY = join(import.meta.dirname, 'exchange-simulator', 'main.ts');

const readySchema = z.looseObject({
  ready: z.literal(true),
  httpUrl: z.string(),
  wsUrl: z.string(),
  pid: z.number(),
  nowMs: z.number(),
  controlToken: z.string(),
});

const statusSchema = z.looseObject({ nowMs: z.number() });

export interface RunningSimulator {
  readonly file: SimulatorFile;
  /** Market time when it answered. */
  readonly nowMs: number;
  /** True when it was still running from an earlier start of the platform. */
  readonly found: boolean;
}

/** `POST /control/<verb>`; throws when the simulator does not answer 200. */
export async function control(
  fetch: FetchLike,
  file: SimulatorFile,
  verb: string,
  body: unknown = {},
): Promise<unknown> {
  const reply = await fetch(`${file.httpUrl}/control/${verb}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-control-token': file.controlToken },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  if (reply.status !== 200)
    throw new Error(`exchange simulator: ${verb} answered ${reply.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

/** The simulator that survived the platform, if there is one and it answers. */
export async function findSimulator(
  state: StateDirectory,
  fetch: FetchLike,
  name?: string,
): Promise<RunningSimulator | null> {
  const file = state.readSimulator(name);
  if (!file || !isAlive(file.pid)) return null;
  try {
    const status = statusSchema.parse(await control(fetch, file, 'status'));
    return { file, nowMs: status.nowMs, found: true };
  } catch {
    return null;
  }
}

/** As for the platform (scripts/start.mjs): less memory at the same speed. */
const SMALL_HEAP = ['--max-semi-space-size=4'];

/**
 * Starts the simulator as a process of its own, detached: killing the platform, or Ctrl-C in its terminal, does not kill the
 * venue. Its messages go to `<state>/logs/exchange-simulator.log`. With `diesWithUs` it ends when this process does. `name`: that of
 * its file in the folder.
 */
export async function spawnSimulator(
  state: StateDirectory,
  flags: readonly string[],
  options: { readonly diesWithUs?: boolean; readonly name?: string } = {},
): Promise<RunningSimulator> {
  const log = openSync(join(state.logs, 'exchange-simulator.log'), 'a', 0o600);
  const all = options.diesWithUs ? [...flags, '--exit-with-parent'] : flags;
  const stdin = options.diesWithUs ? 'pipe' : 'ignore';
  const child = spawn(process.execPath, [...SMALL_HEAP, ENTRY, ...all], {
    detached: true,
    stdio: [stdin, 'pipe', log],
  });
  closeSync(log);
  (child.stdin as Socket | null)?.unref();
  const ready = await readReady(child, join(state.logs, 'exchange-simulator.log'));
  child.unref();
  const file = { pid: ready.pid, httpUrl: ready.httpUrl, wsUrl: ready.wsUrl, controlToken: ready.controlToken };
  state.writeSimulator(file, options.name);
  return { file, nowMs: ready.nowMs, found: false };
}

function readReady(child: ChildProcess, logPath: string): Promise<z.infer<typeof readySchema>> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the exchange simulator did not start: ${why}; see ${logPath}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`not ready after ${READY_TIMEOUT_MS} ms`);
    }, READY_TIMEOUT_MS);
    const lines = createInterface({ input: child.stdout! });
    lines.once('line', (line) => {
      clearTimeout(timer);
      lines.close();
      child.stdout!.destroy();
      try {
        resolve(readySchema.parse(JSON.parse(line)));
      } catch {
        fail(`unexpected first line: ${line.slice(0, 200)}`);
      }
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      fail(error.message);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`exit code ${code}`);
    });
  });
}

/** Asks it to flush and end, and waits until the process is gone. */
export async function stopSimulator(file: SimulatorFile, timeoutMs = 2_000): Promise<void> {
  if (!isAlive(file.pid)) return;
  process.kill(file.pid, 'SIGTERM');
  for (let waited = 0; waited < timeoutMs && isAlive(file.pid); waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (isAlive(file.pid)) process.kill(file.pid, 'SIGKILL');
}
