import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import type { CliIo } from '#cli/cli-io.ts';
import { runCli } from '#cli/program.ts';
import { type ApiUnderTest, apiUnderTest, TOKEN } from './api.ts';
import { NOW_MS, seedPlatform } from './platform-rows.ts';

export interface CliRun {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line as a user would, and keeps what it prints. */
export async function cli(argv: readonly string[], change: Partial<CliIo> = {}): Promise<CliRun> {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await runCli(argv, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    color: false,
    env: { USER: 'ada' },
    nowMs: () => NOW_MS,
    fetch: globalThis.fetch,
    ...change,
  });
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

/** A state folder of a platform, and the real API on a real port behind it. */
export async function runningPlatform() {
  const hosts: string[] = [];
  const api: ApiUnderTest = await apiUnderTest({ allowedHosts: () => hosts });
  await seedPlatform(api.db);
  const server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: api.app.fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(started as Server));
  });
  const { port } = server.address() as AddressInfo;
  hosts.push(`127.0.0.1:${port}`);
  const stateDir = mkdtempSync(join(tmpdir(), '3t-cli-'));
  mkdirSync(join(stateDir, 'logs'));
  const mark = (value: unknown) =>
    writeFileSync(join(stateDir, 'platform.json'), typeof value === 'string' ? value : JSON.stringify(value), {
      mode: 0o600,
    });
  mark({ pid: process.pid, port, token: TOKEN, startedAtMs: NOW_MS });
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await api.db.destroy();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return { api, port, stateDir, mark, stop, run: (...argv: string[]) => cli([...argv, '--state', stateDir]) };
}
export type RunningPlatform = Awaited<ReturnType<typeof runningPlatform>>;
