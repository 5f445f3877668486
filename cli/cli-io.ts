import { userInfo } from 'node:os';

/** Everything of the outside world that a command may touch. */
export interface CliIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Colours only on a terminal, and never with NO_COLOR. */
  readonly color: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: () => number;
  readonly fetch: typeof fetch;
}

/** A reader that has seen enough (`3t orders | head`) closes the pipe: that is not a failure. */
export function endQuietlyWithTheReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** The process as it is; the environment comes from the entry point. */
export const processIo = (env: CliIo['env']): CliIo => ({
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  color: process.stdout.isTTY === true && !env.NO_COLOR,
  env: { USER: loginName(), ...env },
  nowMs: () => Date.now(),
  fetch: globalThis.fetch,
});

/** A container has no USER; a user without an entry in the password file has no name at all. */
function loginName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
