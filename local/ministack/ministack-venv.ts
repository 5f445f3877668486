import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Tried together: what the emulator of AWS is and what it leaves to its user to choose. */
export const MINISTACK_PACKAGES: readonly string[] = [
  'ministack==1.5.33',
  'hypercorn==0.18.0',
  'h2==4.4.1',
  'cbor2==6.2.1',
];

/** Below the project and ignored by git: `npm run clean` may forget it, the next start makes it again. */
export const MINISTACK_CACHE = join(import.meta.dirname, '..', '..', '.cache', 'ministack');

const INSTALL_TIMEOUT_MS = 180_000;
const DONE = 'complete.json';
const OUTPUT_CHARS_MAX = 1_500;

/** Says what is missing and how to get it. */
export class MinistackUnavailable extends Error {
  override readonly name = 'MinistackUnavailable';
}

let built = 0;

/**
 * Path of the Python that has ministack; makes its virtual environment at the first call (about 15 s, 91 MB, needs PyPI). Two
 * processes may make it at once: each builds its own, and the first to finish is taken by both.
 */
export async function ministackPython(python = 'python3', cacheDir = MINISTACK_CACHE): Promise<string> {
  const version = await pythonVersion(python);
  const identity = createHash('sha256')
    .update([version, ...MINISTACK_PACKAGES].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const home = join(cacheDir, `venv-${identity}`);
  if (!existsSync(join(home, DONE))) await buildVenv(python, cacheDir, home);
  return pythonIn(home);
}

const pythonIn = (home: string): string => join(home, 'bin', 'python');

async function pythonVersion(python: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', 'import sys; print(sys.executable, sys.version)']);
    return stdout.trim();
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new MinistackUnavailable(
      `the local AWS emulator needs Python 3, and ${python} ${absent ? 'was not found' : 'does not run'}: install it (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python3)`,
      { cause },
    );
  }
}

async function buildVenv(python: string, cacheDir: string, home: string): Promise<void> {
  built += 1;
  const building = join(cacheDir, `building-${process.pid}-${built}`);
  mkdirSync(cacheDir, { recursive: true });
  try {
    await step(
      python,
      ['-m', 'venv', building],
      'cannot make a virtual environment; Debian and Ubuntu have it apart: apt-get install python3-venv',
    );
    const install = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-input',
      ...MINISTACK_PACKAGES,
    ];
    await step(
      pythonIn(building),
      install,
      'cannot install ministack; is PyPI, or the mirror that pip is set to, within reach?',
    );
    writeFileSync(join(building, DONE), `${JSON.stringify({ packages: MINISTACK_PACKAGES })}\n`);
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
    throw new MinistackUnavailable(`${failure}\n${`${stdout}${stderr}`.trim().slice(-OUTPUT_CHARS_MAX)}`, { cause });
  }
}
