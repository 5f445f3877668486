import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '#local/virtual-time/seeded.ts';
import { MINUTE_MS } from '#shared/core/time.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'local', 'main.ts');

export const tempDir = (): string => mkdtempSync(join(tmpdir(), '3t-replay-'));

/** A walk of one-minute bars with a trend that turns: enough for strategies to change their minds. */
export function barLines(minutes: number, format: 'own' | 'kline' = 'own'): string[] {
  const random = seededRandom(7);
  const startMs = Date.UTC(2022, 0, 3, 10, 0);
  let price = 46_000;
  return Array.from({ length: minutes }, (_, i) => {
    const open = price;
    const drift = Math.sin(i / 9) * 40;
    const close = Math.round(open + drift + (random() - 0.5) * 60);
    const high = Math.max(open, close) + Math.round(random() * 20);
    const low = Math.min(open, close) - Math.round(random() * 20);
    price = close;
    const atMs = startMs + i * MINUTE_MS;
    if (format === 'kline')
      return `${atMs},${open},${high},${low},${close},25.5,${atMs + 59_999},1170000.5,900,12.1,556000.2,0`;
    return `${new Date(atMs).toISOString().replace('T', ' ').replace('Z', '000')},${open},${high},${low},${close},1000000.5`;
  });
}

export const HEADER = 'timestamp,open,high,low,close,volume';

export function writeLines(dir: string, name: string, lines: readonly string[]): string {
  const path = join(dir, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

export interface ReplayResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ReplayProcess {
  readonly child: ChildProcess;
  readonly result: Promise<ReplayResult>;
}

/** `npm start -- --replay` without npm, at full speed. */
export function startReplay(file: string, state: string, more: readonly string[] = []): ReplayProcess {
  const args = [
    MAIN,
    '--replay',
    file,
    '--state',
    state,
    '--port',
    '0',
    '--speed',
    'max',
    '--summary',
    'json',
    ...more,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const result = new Promise<ReplayResult>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, result };
}

export const replay = (file: string, state: string, more: readonly string[] = []): Promise<ReplayResult> =>
  startReplay(file, state, more).result;

/** The summary of the last line, without the one field that may differ. */
export function summaryOf({ stdout, stderr }: ReplayResult): Record<string, unknown> {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`no summary on the last line; on stderr:\n${stderr}`);
  const { wallMs: _wallMs, ...rest } = JSON.parse(last) as Record<string, unknown>;
  return rest;
}

/** Waits until a checkpoint of that number or a later one is complete. */
export async function checkpointReached(state: string, number: number): Promise<void> {
  for (;;) {
    const names = existsSync(state) ? readdirSync(state) : [];
    if (names.some((name) => /^checkpoint-\d+$/.test(name) && Number(name.slice('checkpoint-'.length)) >= number))
      return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const removeDir = (dir: string): void => rmSync(dir, { recursive: true, force: true });
