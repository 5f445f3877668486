import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { StateDirectory } from '../state-directory.ts';

const countsSchema = z.record(z.string(), z.int().min(0));

const schema = z.object({
  v: z.literal(1),
  /** Which replay it is a part of: see replay-identity.ts. */
  identity: z.string(),
  /** How many segments lie behind it; the next one is of this number. */
  segment: z.int().min(1),
  atMs: z.int(),
  counts: z.object({ slots: countsSchema, invocations: countsSchema, failures: countsSchema }),
  equityStart: z.string(),
  /** How many of the checkpoints so far were made by an interruption. */
  interruptions: z.int().min(0).default(0),
  /** Real time that it took to get here, over all processes. */
  wallMs: z.number(),
});
export type CheckpointNote = z.infer<typeof schema>;

export interface Checkpoint {
  readonly note: CheckpointNote;
  /** The simulator's snapshot. */
  readonly simulator: string;
}

const FOLDER = 'checkpoint-';
const NOTE = 'checkpoint.json';
const PLATFORM = 'platform.sqlite';
const SIMULATOR = 'simulator.sqlite';

/** Checkpoints of a replay in `<state>/checkpoint-<n>`: complete or not there at all, and only the newest is kept. */
export class Checkpoints {
  readonly #state: StateDirectory;

  constructor(state: StateDirectory) {
    this.#state = state;
  }

  /**
   * Writes one. The platform's database must be closed (its log is then part of the file); `snapshot` lets the simulator
   * write to a path.
   */
  write(note: CheckpointNote, snapshot: (path: string) => void): void {
    const folder = this.#state.file(`${FOLDER}${note.segment}`);
    const temporary = `${folder}.part`;
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(temporary, { mode: 0o700 });
    snapshot(join(temporary, SIMULATOR));
    copyFileSync(this.#state.database, join(temporary, PLATFORM));
    writeFileSync(join(temporary, NOTE), `${JSON.stringify(note)}\n`, { mode: 0o600 });
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
    this.#removeAllBut(folder);
  }

  /** The newest one of this replay, or null. */
  newest(identity: string): Checkpoint | null {
    let best: Checkpoint | null = null;
    for (const name of this.#folders()) {
      const path = join(this.#state.file(name), NOTE);
      if (!existsSync(path)) continue;
      const parsed = schema.safeParse(inOldWords(readJson(path)));
      if (!parsed.success || parsed.data.identity !== identity) continue;
      if (best && best.note.segment >= parsed.data.segment) continue;
      best = { note: parsed.data, simulator: join(this.#state.file(name), SIMULATOR) };
    }
    return best;
  }

  /** Puts the platform's database back as it was at the checkpoint. */
  restorePlatform({ note }: Checkpoint): void {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${this.#state.database}${suffix}`, { force: true });
    copyFileSync(join(this.#state.file(`${FOLDER}${note.segment}`), PLATFORM), this.#state.database);
  }

  #folders(): string[] {
    return readdirSync(this.#state.path).filter((name) => name.startsWith(FOLDER) && !name.endsWith('.part'));
  }

  #removeAllBut(folder: string): void {
    for (const name of this.#folders()) {
      const path = this.#state.file(name);
      if (path !== folder) rmSync(path, { recursive: true, force: true });
    }
  }
}

/** Notes of release 0.1 say `stretch` for `segment`. */
function inOldWords(note: unknown): unknown {
  return typeof note === 'object' && note !== null && 'stretch' in note ? { segment: note.stretch, ...note } : note;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Not ours, or cut off: as good as absent.
    return null;
  }
}
