import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlatformFile, SimulatorFile } from '#local/state-directory.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START_TIMEOUT_MS = 45_000;

export interface StartedCommand {
  readonly pid: number;
  /** Everything it printed so far, both streams. */
  output(): string;
  /** Exit code and signal, once it has ended and its output is complete. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Signals its whole group, as a terminal does with Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void;
  /** Signals the first process alone. */
  signal(signal: NodeJS.Signals): void;
}

/** A folder for one platform, and the ways a user starts it there; `close` ends what is left. */
export class StartBench {
  readonly stateDir = mkdtempSync(join(tmpdir(), '3t-start-'));
  readonly #children: ChildProcess[] = [];

  file(name: string): string {
    return join(this.stateDir, name);
  }

  /** `npm start`, as it is typed. */
  npmStart(...flags: string[]): StartedCommand {
    return this.#spawn('npm', ['start', '--silent', '--', ...this.#flags(flags)]);
  }

  /** What `npm start` runs. */
  script(...flags: string[]): StartedCommand {
    return this.#spawn(process.execPath, ['scripts/start.mjs', ...this.#flags(flags)]);
  }

  /** What `scripts/start.mjs` runs, behind shell words such as `ulimit -f 100`. */
  inShell(before: string, ...flags: string[]): StartedCommand {
    const words = [process.execPath, 'local/main.ts', ...this.#flags(flags)].map((word) => `'${word}'`);
    return this.#spawn('sh', ['-c', `${before}; exec ${words.join(' ')}`]);
  }

  #flags(more: readonly string[]): string[] {
    return ['--state', this.stateDir, '--port', '0', '--config', 'simulator.warm_up_h=1', ...more];
  }

  #spawn(command: string, words: readonly string[]): StartedCommand {
    const child = spawn(command, words, { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.push(child);
    let text = '';
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    }
    return {
      pid: child.pid!,
      output: () => text,
      ended: new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal }))),
      signalGroup: (signal) => process.kill(-child.pid!, signal),
      signal: (signal) => process.kill(child.pid!, signal),
    };
  }

  /** Waits until a platform has said that it is up. */
  async up(command: StartedCommand): Promise<{ readonly platform: PlatformFile; readonly simulator: SimulatorFile }> {
    const read = <T>(name: string) => JSON.parse(readFileSync(this.file(name), 'utf8')) as T;
    const early = command.ended.then(({ code }) => {
      throw new Error(`ended with ${code} before it was up: ${command.output()}`);
    });
    const poll = async () => {
      for (let waited = 0; waited < START_TIMEOUT_MS; waited += 50) {
        if (command.output().includes('ready in') && existsSync(this.file('platform.json'))) {
          return { platform: read<PlatformFile>('platform.json'), simulator: read<SimulatorFile>('simulator.json') };
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`not up after ${START_TIMEOUT_MS} ms: ${command.output()}`);
    };
    return Promise.race([poll(), early]);
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      try {
        process.kill(-child.pid!, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    }
    const simulator = existsSync(this.file('simulator.json'))
      ? (JSON.parse(readFileSync(this.file('simulator.json'), 'utf8')) as SimulatorFile)
      : null;
    if (simulator) {
      try {
        process.kill(simulator.pid, 'SIGKILL');
      } catch {
        // It ended with its platform.
      }
    }
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}
