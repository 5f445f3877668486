/**
 * Replays a file at full speed through the whole platform: `npm run bench:replay -- FILE`, `--json` for one JSON line,
 * `--duration 7d` for a part of it. Prints real seconds, ticks a second, peak memory and where the time went. Fails when the
 * replay did not end, traded nothing, passed what was asked for, or sent an order twice. The cadences are those of config/replay.yaml.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profileLines, type ReplayProfile } from '#local/replay/profile.ts';
import type { ReplaySummary } from '#local/replay/summary.ts';

/** As a user starts it. */
const START = join(import.meta.dirname, '..', 'scripts', 'start.mjs');

const words = process.argv.slice(2);
const json = words.includes('--json');
const rest = words.filter((word) => word !== '--json');
const [file, ...more] = rest;
if (!file || file.startsWith('--') || !existsSync(file)) {
  console.error('usage: npm run bench:replay -- FILE.csv [--json] [options of npm start, such as --duration 7d]');
  process.exit(2);
}

const state = mkdtempSync(join(tmpdir(), '3t-bench-replay-'));
process.on('exit', () => rmSync(state, { recursive: true, force: true }));

function run(path: string): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const args = [
    START,
    '--replay',
    path,
    '--speed',
    'max',
    '--summary',
    'json',
    '--state',
    state,
    '--port',
    '0',
    ...more,
  ];
  const child = spawn(process.execPath, json ? [...args, '--quiet'] : args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout })));
}

const began = performance.now();
const { code, stdout } = await run(file);
const wallMs = performance.now() - began;
if (code !== 0 || stdout.trim() === '') {
  console.error(`the replay did not end (exit code ${code})`);
  process.exit(1);
}
const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ReplaySummary;
const profile = JSON.parse(readFileSync(join(state, 'replay-profile.json'), 'utf8')) as ReplayProfile;
const result = {
  bench: 'replay',
  candles: summary.candles,
  ticks: summary.ticks,
  runs: summary.runs,
  orders: summary.orders.accepted,
  fills: summary.fills,
  maxOvershootLots: summary.maxOvershootLots,
  duplicateOrders: summary.duplicateOrders,
  wallMs: Math.round(wallMs),
  ticksPerSecond: Math.round((1000 * summary.ticks) / wallMs),
  invocations: summary.invocations,
  profile,
  node: process.version,
};

if (json) {
  console.log(JSON.stringify(result));
} else {
  console.table([
    {
      candles: result.candles,
      ticks: result.ticks,
      's (start and end included)': (wallMs / 1000).toFixed(1),
      'ticks/s': result.ticksPerSecond,
      orders: result.orders,
      fills: result.fills,
      'platform MiB': profile.peakMiB.platform.toFixed(0),
      'simulator MiB': profile.peakMiB.simulator?.toFixed(0) ?? 'unknown',
    },
  ]);
  console.log(profileLines(profile).join('\n'));
}
if (summary.fills === 0 || summary.maxOvershootLots > 1 || summary.duplicateOrders > 0) {
  console.error(
    'a replay without fills, with an overshoot of more than a lot or with an order sent twice proves nothing',
  );
  process.exit(1);
}
