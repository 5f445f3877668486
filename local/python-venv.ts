import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Below the project and ignored by git: what is here can be made again. */
export const CACHE = join(import.meta.dirname, '..', '.cache');

const INSTALL_TIMEOUT_MS = 180_000;
const DONE = 'complete.json';
const OUTPUT_CHARS_MAX = 1_500;

/** Says what is missing and how to get it. */
export class PythonUnavailable extends Error {
  override readonly name: string = 'PythonUnavailable';
}

export interface PythonVenvOptions {
  /** What the packages are, for people: `the local AWS emulator`. */
  readonly purpose: string;
  /** With exact versions: `ministack==1.5.33`. */
  readonly packages: readonly string[];
  readonly cacheDir: string;
  /** The Python to make it with: `python3`. */
  readonly python?: string;
}

let built = 0;

/**
 * Path of a Python that has the packages; makes its virtual environment at the first call (needs PyPI). Two processes may
 * make it at once: each builds its own, and the first to finish is taken by both.
 */
export async function pythonWith(options: PythonVenvOptions): Promise<string> {
  const { packages, cacheDir, python = 'python3' } = options;
  const version = await pythonVersion(options.purpose, python);
  const identity = createHash('sha256')
    .update([version, ...packages].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const home = join(cacheDir, `venv-${identity}`);
  if (!existsSync(join(home, DONE))) await buildVenv(python, options, home);
  return pythonIn(home);
}

const pythonIn = (home: string): string => join(home, 'bin', 'python');

async function pythonVersion(purpose: string, python: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', 'import sys; print(sys.executable, sys.version)']);
    return stdout.trim();
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new PythonUnavailable(
      `${purpose} needs Python 3, and ${python} ${absent ? 'was not found' : 'does not run'}: install it (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python3)`,
      { cause },
    );
  }
}

async function buildVenv(python: string, options: PythonVenvOptions, home: string): Promise<void> {
  const { packages, cacheDir } = options;
  built += 1;
  const building = join(cacheDir, `building-${process.pid}-${built}`);
  mkdirSync(cacheDir, { recursive: true });
  try {
    await step(
      python,
      ['-m', 'venv', building],
      'cannot make a virtual environment; Debian and Ubuntu have it apart: apt-get install python3-venv',
    );
    await step(
      pythonIn(building),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', ...packages],
      `cannot install ${packages[0]?.split('==')[0]}; is PyPI, or the mirror that pip is set to, within reach?`,
    );
    writeFileSync(join(building, DONE), `${JSON.stringify({ packages })}\n`);
    try {
      // Its scripts name the old path, so nothing but `python -m` is run from it.
      renameSync(building, home);
    } catch (error) {
      if (!existsSync(join(home, DONE))) throw error;
    }
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

async function step(program: string, args: readonly string[], failure: string): Promise<void> {
  try {
    await promisify(execFile)(program, [...args], { timeout: INSTALL_TIMEOUT_MS });
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    throw new PythonUnavailable(`${failure}\n${`${stdout}${stderr}`.trim().slice(-OUTPUT_CHARS_MAX)}`, { cause });
  }
}
