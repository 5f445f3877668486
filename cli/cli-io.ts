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

export const processIo = (): CliIo => ({
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  color: process.stdout.isTTY === true && !process.env.NO_COLOR,
  env: process.env,
  nowMs: () => Date.now(),
  fetch: globalThis.fetch,
});
