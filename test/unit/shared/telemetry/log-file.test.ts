import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { LogFile } from '#shared/telemetry/log-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), '3t-log-'));
  path = join(dir, 'logs', 'platform.jsonl');
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

const open = (over: { maxBytes?: number; maxFiles?: number; maxBufferedLines?: number } = {}) => {
  const clock = new VirtualClock(0);
  return { clock, log: new LogFile({ path, clock, maxBytes: 1000, maxFiles: 3, maxBufferedLines: 100, ...over }) };
};

describe('LogFile', () => {
  it('writes lines after a while without being asked, readable by the owner only', async () => {
    const { clock, log } = open();

    log.write('one');
    log.write('two');
    expect(existsSync(path)).toBe(false);
    await clock.advanceTo(1000);

    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    log.close();
  });

  it('appends to the file of an earlier life', () => {
    mkdirSync(join(dir, 'logs'));
    writeFileSync(path, 'before\n');
    const { log } = open();

    log.write('after');
    log.close();

    expect(readFileSync(path, 'utf8')).toBe('before\nafter\n');
  });

  it('turns over by size and keeps the newest files, without losing a line in them', () => {
    const { log } = open({ maxBytes: 50, maxFiles: 3 });

    for (let n = 100; n < 130; n += 1) log.write(`line ${n}`);
    log.close();

    const files = readdirSync(join(dir, 'logs')).sort();
    expect(files).toEqual(['platform.1.jsonl', 'platform.2.jsonl', 'platform.jsonl']);
    const inOrder = ['platform.2.jsonl', 'platform.1.jsonl', 'platform.jsonl'].flatMap((file) => {
      const text = readFileSync(join(dir, 'logs', file), 'utf8');
      expect(text.length).toBeLessThanOrEqual(50);
      return text.trimEnd().split('\n');
    });
    expect(inOrder.at(-1)).toBe('line 129');
    expect(inOrder).toEqual(Array.from({ length: inOrder.length }, (_, i) => `line ${130 - inOrder.length + i}`));
    expect(inOrder.length).toBeGreaterThan(10);
  });

  it('gives a line longer than a file its own file', () => {
    const { log } = open({ maxBytes: 20 });
    log.write('short');
    log.write('x'.repeat(100));
    log.write('short');
    log.close();
    expect(readFileSync(join(dir, 'logs', 'platform.1.jsonl'), 'utf8')).toBe(`${'x'.repeat(100)}\n`);
  });

  it('keeps a bounded number of lines while the disk refuses, counts the rest, and writes them when it can', async () => {
    writeFileSync(join(dir, 'logs'), 'a file where the folder should be');
    const { clock, log } = open({ maxBufferedLines: 5 });

    for (let n = 0; n < 8; n += 1) log.write(`line ${n}`);
    await clock.advanceTo(1000);
    expect(log.droppedLines).toBe(3);
    rmSync(join(dir, 'logs'));
    await clock.advanceTo(2000);

    expect(readFileSync(path, 'utf8')).toBe('line 3\nline 4\nline 5\nline 6\nline 7\n');
    log.close();
  });
});
