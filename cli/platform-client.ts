import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { isAlive } from '#local/state-directory.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
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

/** A way to a platform's API. */
export interface PlatformDoor {
  /** Without a slash at the end. */
  readonly origin: string;
  /** Of the running process; null where IAM stands at the door. */
  readonly token: string | null;
  /** Which of several exchanges is meant; the first one unless told. */
  readonly exchange?: string | undefined;
  readonly fetch: FetchLike;
  /** What to say when nobody answers. */
  readonly unreachable: (cause: string) => CliFailure;
}

/** Talks to a platform as the CLI: with the token where there is one, without an Origin. */
export class PlatformClient {
  readonly #door: PlatformDoor;
  readonly #io: CliIo;

  constructor(door: PlatformDoor, io: CliIo) {
    this.#door = door;
    this.#io = io;
  }

  get<T>(path: string): Promise<T> {
    return this.#send<T>(path, {});
  }

  /** `by` goes into the audit: `cli:<login>`. */
  post<T>(path: string, body: Readonly<Record<string, unknown>>): Promise<T> {
    const given = Object.entries({ by: userName(this.#io), ...body }).filter(([, value]) => value !== undefined);
    const { token } = this.#door;
    return this.#send<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token === null ? {} : { 'x-3t-token': token }) },
      body: JSON.stringify(Object.fromEntries(given)),
    });
  }

  async #send<T>(path: string, init: RequestInit): Promise<T> {
    const { origin, exchange, fetch, unreachable } = this.#door;
    const narrowed =
      exchange === undefined
        ? path
        : `${path}${path.includes('?') ? '&' : '?'}exchange=${encodeURIComponent(exchange)}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${origin}${narrowed}`, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
      text = await response.text();
    } catch (error) {
      const cause = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : '';
      throw unreachable(cause);
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

/** The platform that runs on a state folder of this machine, over loopback. */
export function connect(stateDir: string, io: CliIo, exchange?: string): PlatformClient {
  const mark = findPlatform(stateDir);
  if (!mark) throw notRunning(stateDir, 'no running platform has left its mark there');
  const { pid, port, token } = mark;
  return new PlatformClient(
    {
      origin: `http://127.0.0.1:${port}`,
      token,
      exchange,
      fetch: io.fetch,
      unreachable: (cause) => notRunning(stateDir, `process ${pid} does not answer on port ${port}: ${cause}`),
    },
    io,
  );
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
