import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE } from '#local/python-venv.ts';

/** An answer of the venue and the type of `@nktkas/hyperliquid` that it must have: `info.MetaResponse`. */
export interface TypedAnswer {
  readonly name: string;
  readonly type: `${'info' | 'exchange' | 'subscription'}.${string}`;
  readonly value: unknown;
}

const TSC = join(import.meta.dirname, '..', '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');
const ROWS_MAX = 40;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * The library declares what the venue answers as types only, so the answers are compiled against them as literals: a missing,
 * odd or unknown field is an error of the compiler. One line a problem, with the answer's name and the line it stands on.
 */
export async function againstDeclaredTypes(answers: readonly TypedAnswer[]): Promise<string[]> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'venue-types-'));
  try {
    const lines = ['info', 'exchange', 'subscription'].map(
      (room) => `import type * as ${room} from '@nktkas/hyperliquid/api/${room}';`,
    );
    const owners: string[] = lines.map(() => '');
    for (const [i, { name, type, value }] of answers.entries()) {
      const rows = Array.isArray(value) ? value.slice(0, ROWS_MAX) : value;
      const text = `export const answer${i} = ${JSON.stringify(rows, null, 1)} satisfies ${type};`.split('\n');
      lines.push(...text);
      owners.push(...text.map(() => name));
    }
    writeFileSync(join(folder, 'answers.ts'), lines.join('\n'));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG));
    const output = await promisify(execFile)(process.execPath, [TSC, '-p', folder, '--pretty', 'false']).then(
      ({ stdout }) => stdout,
      (error: { stdout?: string; message: string }) => error.stdout || error.message,
    );
    const problems = output.split('\n').flatMap((text) => {
      const at = /answers\.ts\((\d+),\d+\): error (.*)$/.exec(text);
      if (at) return [`${owners[Number(at[1]) - 1]}: ${lines[Number(at[1]) - 1]?.trim().slice(0, 80)}: ${at[2]}`];
      return text.startsWith('error') || text.includes('): error') ? [text] : [];
    });
    return [...problems, ...answers.flatMap(({ name, value }) => numbersOf(value).map((text) => `${name}: ${text}`))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const CONFIG = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'dom'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['answers.ts'],
};

/** Texts that begin as a number and are none in the venue's form: `1e-7`, `+1`, `.5`. */
function numbersOf(value: unknown): string[] {
  if (typeof value === 'string')
    return /^[+-]?\.?\d+(\.\d*)?([eE][+-]?\d+)?$/.test(value) && !NUMBER.test(value) ? [value] : [];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(numbersOf);
}
