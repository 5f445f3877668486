import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makePrivate, privateDatabaseFile } from '#shared/adapters/system/private-file.ts';
import { UserError } from './user-error.ts';

/** What a running platform tells the CLI, in `<state>/platform.json` (mode 600: it holds the write token). */
export interface PlatformFile {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
  readonly startedAtMs: number;
}

/** Where a running exchange simulator answers, in `<state>/simulator.json`, or `simulator-<exchange>.json` for a further exchange. */
export interface SimulatorFile {
  readonly pid: number;
  readonly httpUrl: string;
  readonly wsUrl: string;
  readonly controlToken: string;
}

const CLAIM = 'claim.sqlite';
const OURS =
  /^((platform|simulator(-[a-z0-9-]+)?|claim)\.sqlite(-wal|-shm|-journal)?|(platform|simulator(-[a-z0-9-]+)?|installation|replay|replay-profile)\.json)$/;
/** The simulator of the first exchange. */
const SIMULATOR = 'simulator';
/** Locks held by this process, by folder: who asks twice has it already. */
const claims = new Map<string, DatabaseSync>();

/** The folder that holds everything one embedded platform remembers. */
export class StateDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
    try {
      makeFolder(this.logs);
      this.#makePrivate();
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  get database(): string {
    return join(this.path, 'platform.sqlite');
  }
  simulatorState(name = SIMULATOR): string {
    return join(this.path, `${name}.sqlite`);
  }
  get logs(): string {
    return join(this.path, 'logs');
  }
  file(name: string): string {
    return join(this.path, name);
  }

  hasDatabase(): boolean {
    return existsSync(this.database);
  }
  removeDatabase(): void {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${this.database}${suffix}`, { force: true });
  }

  /** Removes databases, logs and marks of an earlier life: `--fresh`. What claims the folder stays. */
  clear(): void {
    for (const name of readdirSync(this.path)) {
      if (name !== CLAIM) rmSync(join(this.path, name), { recursive: true, force: true });
    }
    makeFolder(this.logs);
  }

  /**
   * Takes the folder for this process, until it ends or releases it. Throws when another process has it: two of them would be
   * two writers. The operating system holds the lock and drops it with its holder, however that dies; so there is nothing to
   * take over, no number of a process to mistake for another's, and of two that start at once one loses.
   */
  claim(): void {
    if (claims.has(this.path)) return;
    let lock: DatabaseSync | null = null;
    try {
      privateDatabaseFile(this.file(CLAIM));
      lock = new DatabaseSync(this.file(CLAIM));
      lock.exec('begin exclusive');
    } catch (error) {
      lock?.close();
      if (!/locked/i.test((error as Error).message)) throw this.#unusable(error);
      const other = this.readPlatform();
      // The one that has it may still be starting: then the mark is missing, or a dead one's.
      const who = other && isAlive(other.pid) ? ` (process ${other.pid})` : '';
      throw new UserError(
        `another 3T${who} is running on ${this.path}; stop it, or choose another folder with --state`,
      );
    }
    claims.set(this.path, lock);
  }

  release(): void {
    claims.get(this.path)?.close();
    claims.delete(this.path);
  }

  writePlatform(file: PlatformFile): void {
    this.#write('platform.json', file);
  }
  readPlatform(): PlatformFile | null {
    return this.#read<PlatformFile>('platform.json');
  }
  removePlatform(): void {
    rmSync(this.file('platform.json'), { force: true });
  }

  writeSimulator(file: SimulatorFile, name = SIMULATOR): void {
    this.#write(`${name}.json`, file);
  }
  readSimulator(name = SIMULATOR): SimulatorFile | null {
    return this.#read<SimulatorFile>(`${name}.json`);
  }
  removeSimulator(name = SIMULATOR): void {
    rmSync(this.file(`${name}.json`), { force: true });
  }
  /** Every simulator that has left its address. */
  simulators(): readonly SimulatorFile[] {
    const names = readdirSync(this.path).filter((name) => /^simulator(-[a-z0-9-]+)?\.json$/.test(name));
    return names.flatMap((name) => this.readSimulator(name.slice(0, -'.json'.length)) ?? []);
  }

  /** What an earlier release, or another tool, left readable. Names of ours only: the folder may be anybody's. */
  #makePrivate(): void {
    for (const name of readdirSync(this.path)) if (OURS.test(name)) makePrivate(this.file(name));
    for (const name of readdirSync(this.logs)) makePrivate(join(this.logs, name));
  }

  #unusable(error: unknown): UserError {
    const { message } = error as Error;
    return new UserError(`the state folder ${this.path} cannot be used: ${message}; choose another with --state`);
  }

  #write(name: string, value: unknown): void {
    const target = this.file(name);
    const temporary = `${target}.${process.pid}.tmp`;
    writeFileSync(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, target);
  }

  #read<T>(name: string): T | null {
    if (!existsSync(this.file(name))) return null;
    try {
      return JSON.parse(readFileSync(this.file(name), 'utf8')) as T;
    } catch {
      // Cut off by a crash of an older version, or edited by hand: as good as absent.
      return null;
    }
  }
}

/** Step by step: Node's own `recursive` takes a read-only parent for a missing one, and below /proc it never returns. */
function makeFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found) throw new Error(`${path} is a file`);
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Whether a process of that number exists (and may be signalled by us). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
