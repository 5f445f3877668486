import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { isAlive } from '#local/state-directory.ts';
import type { CliIo } from './cli-io.ts';
import { CliFailure, EXIT } from './exit-codes.ts';

const REQUEST_TIMEOUT_MS = 15_000;

const platformFileSchema = z.object({
  pid: z.int().positive(),
  port: z.int().min(1).max(65_535),
  token: z.string().min(1),
  startedAtMs: z.number(),
});
export type PlatformMark = z.infer<typeof platformFileSchema>;

/** The running platform of a state folder, or null when none runs there (no mark, unreadable, or its process is gone). */
export function findPlatform(stateDir: string): PlatformMark | null {
  const path = join(resolve(stateDir), 'platform.json');
  if (!existsSync(path)) return null;
  try {
    const parsed = platformFileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Talks to a running platform over loopback, as the CLI: with the token, without an Origin. */
export class PlatformClient {
  readonly #mark: PlatformMark;
  readonly #io: CliIo;
  readonly #stateDir: string;

  constructor(mark: PlatformMark, io: CliIo, stateDir: string) {
    this.#mark = mark;
    this.#io = io;
    this.#stateDir = stateDir;
  }

  get<T>(path: string): Promise<T> {
    return this.#send<T>(path, {});
  }

  /** `by` goes into the audit: `cli:<login>`. */
  post<T>(path: string, body: Readonly<Record<string, unknown>>): Promise<T> {
    const given = Object.entries({ by: userName(this.#io), ...body }).filter(([, value]) => value !== undefined);
    return this.#send<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-3t-token': this.#mark.token },
      body: JSON.stringify(Object.fromEntries(given)),
    });
  }

  async #send<T>(path: string, init: RequestInit): Promise<T> {
    const url = `http://127.0.0.1:${this.#mark.port}${path}`;
    let response: Response;
    let text: string;
    try {
      response = await this.#io.fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
      text = await response.text();
    } catch (error) {
      const cause = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : '';
      throw notRunning(
        this.#stateDir,
        `process ${this.#mark.pid} does not answer on port ${this.#mark.port}: ${cause}`,
      );
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new CliFailure(EXIT.failed, 'malformed-reply', `the platform answered ${response.status} without JSON`);
    }
    if (response.ok) return value as T;
    const error = (value as { error?: { code?: unknown; message?: unknown } }).error;
    const code = typeof error?.code === 'string' ? error.code : 'http-error';
    const message = typeof error?.message === 'string' ? error.message : `HTTP ${response.status}`;
    // What the caller typed is wrong: the same exit code as for a wrong option.
    const exitCode = response.status === 400 ? EXIT.usage : EXIT.failed;
    throw new CliFailure(exitCode, code, message);
  }
}

export function connect(stateDir: string, io: CliIo): PlatformClient {
  const mark = findPlatform(stateDir);
  if (!mark) throw notRunning(stateDir, 'no running platform has left its mark there');
  return new PlatformClient(mark, io, stateDir);
}

const notRunning = (stateDir: string, why: string): CliFailure =>
  new CliFailure(
    EXIT.notRunning,
    'not-running',
    `3T is not running on ${resolve(stateDir)}: ${why}. Start it with \`npm start\`, or name its folder with --state.`,
  );

function userName(io: CliIo): string {
  const login = (io.env.USER ?? io.env.USERNAME ?? 'unknown').replace(/[^a-zA-Z0-9._-]/g, '').slice(0, 30);
  return `cli:${login || 'unknown'}`;
}
