import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What a running platform tells the CLI, in `<state>/platform.json` (mode 600: it holds the write token). */
export interface PlatformFile {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
  readonly startedAtMs: number;
}

/** Where the running exchange simulator answers, in `<state>/simulator.json`. */
export interface SimulatorFile {
  readonly pid: number;
  readonly httpUrl: string;
  readonly wsUrl: string;
  readonly controlToken: string;
}

/** The folder that holds everything one embedded platform remembers. */
export class StateDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
    mkdirSync(join(this.path, 'logs'), { recursive: true, mode: 0o700 });
  }

  get database(): string {
    return join(this.path, 'platform.sqlite');
  }
  get simulatorState(): string {
    return join(this.path, 'simulator.sqlite');
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

  /** Removes databases, logs and marks of an earlier life: `--fresh`. */
  clear(): void {
    rmSync(this.path, { recursive: true, force: true });
    mkdirSync(join(this.path, 'logs'), { recursive: true, mode: 0o700 });
  }

  /**
   * Takes the folder for this process. Throws when another live platform has it: two of them would be two writers.
   * A mark left by a killed one is taken over.
   */
  claim(): void {
    const other = this.readPlatform();
    if (other && other.pid !== process.pid && isAlive(other.pid)) {
      throw new Error(
        `another 3T (process ${other.pid}) is running on ${this.path}; stop it, or choose another folder with --state`,
      );
    }
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

  writeSimulator(file: SimulatorFile): void {
    this.#write('simulator.json', file);
  }
  readSimulator(): SimulatorFile | null {
    return this.#read<SimulatorFile>('simulator.json');
  }
  removeSimulator(): void {
    rmSync(this.file('simulator.json'), { force: true });
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

/** Whether a process of that number exists (and may be signalled by us). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
