/** Stable: scripts may rely on them. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notRunning: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a code and a sentence on stderr (an object with `--json`). */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: ExitCode;
  /** For programs: `not-running`, `wrong-exchange`, or the code of the API's refusal. */
  readonly code: string;
  constructor(exitCode: ExitCode, code: string, message: string) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}
