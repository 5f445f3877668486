import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Config } from '#config/schema.ts';
import type { StartOptions } from '../start-options.ts';
import type { StateDirectory } from '../state-directory.ts';
import type { ReplayFile } from './replay-file.ts';

/**
 * Names a replay by everything that its outcome depends on: two replays of one identity end equal, so a checkpoint of one is
 * a checkpoint of the other. The speed, the page and what is logged change nothing.
 */
export function identityOf(
  config: Config,
  options: Pick<StartOptions, 'seed'>,
  file: ReplayFile,
  checkpointEveryMs: number,
): string {
  const { http: _http, telemetry: _telemetry, state_dir: _stateDir, ...relevant } = config;
  const { path: _path, quality: _quality, ...span } = file;
  const parts = { v: 1, config: relevant, seed: options.seed, span, checkpointEveryMs };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

const FILE = 'replay.json';

interface Saved {
  readonly identity: string;
  /** The summary, once the replay has ended. */
  readonly summary: unknown;
}

/** `<state>/replay.json`: which replay the folder holds, and its summary once it has one. */
export const replayNote = (state: StateDirectory) => ({
  read(): Saved | null {
    if (!existsSync(state.file(FILE))) return null;
    try {
      return JSON.parse(readFileSync(state.file(FILE), 'utf8')) as Saved;
    } catch {
      return null;
    }
  },
  write(saved: Saved): void {
    writeFileSync(state.file(FILE), `${JSON.stringify(saved)}\n`, { mode: 0o600 });
  },
});
