import { isDue } from '#shared/core/age.ts';

export interface Terminal {
  readonly quiet: boolean;
  /** The table of where things are, once. */
  announce(rows: readonly (readonly [string, string])[]): void;
  /** Replaces the one live line; on a pipe, a line only every `plainEveryMs`. */
  status(text: string, nowMs: number): void;
  /** A line for people that stays. */
  say(text: string): void;
  end(): void;
}

const PLAIN_EVERY_MS = 10_000;

/** Everything for people goes to standard error, so that a summary on standard output stays alone. */
export function createTerminal(options: { readonly quiet: boolean; readonly stream: NodeJS.WriteStream }): Terminal {
  const { quiet, stream } = options;
  let live = false;
  let plainAtMs = 0;
  const clear = () => {
    if (live) stream.write('\r\u001b[2K');
    live = false;
  };
  return {
    quiet,
    announce(rows) {
      if (quiet) return;
      const width = Math.max(...rows.map(([name]) => name.length));
      stream.write(`\n${rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n')}\n\n`);
    },
    status(text, nowMs) {
      if (quiet) return;
      if (stream.isTTY) {
        const cut = text.slice(0, Math.max(20, (stream.columns || 120) - 1));
        stream.write(`\r\u001b[2K${cut}`);
        live = true;
      } else if (isDue(plainAtMs, nowMs, PLAIN_EVERY_MS)) {
        plainAtMs = nowMs;
        stream.write(`${text}\n`);
      }
    },
    say(text) {
      clear();
      stream.write(`${text}\n`);
    },
    end: clear,
  };
}
