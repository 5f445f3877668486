/**
 * Replays a file at full speed through the whole platform, and then its first tenth: `npm run bench:replay -- FILE`, `--json` for
 * one JSON line, `--duration 7d` for a part of it. Prints real seconds, ticks a second, where the time went, and peak memory
 * with its ratio to that of a tenth of the input. Fails when it misses a goal, or when a replay did not end, traded nothing, passed
 * what was asked for, or sent an order twice. The cadences are those of config/replay.yaml.
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

interface Replayed {
  readonly summary: ReplaySummary;
  readonly profile: ReplayProfile;
  readonly wallMs: number;
}

async function replay(name: string, options: readonly string[]): Promise<Replayed> {
  const folder = join(state, name);
  const began = performance.now();
  const always = ['--replay', file!, '--speed', 'max', '--summary', 'json', '--state', folder, '--port', '0'];
  const { code, stdout } = await run([...always, ...options]);
  const wallMs = performance.now() - began;
  if (code !== 0 || stdout.trim() === '') {
    console.error(`the replay did not end (exit code ${code})`);
    process.exit(1);
  }
  const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ReplaySummary;
  const profile = JSON.parse(readFileSync(join(folder, 'replay-profile.json'), 'utf8')) as ReplayProfile;
  return { summary, profile, wallMs };
}

function run(options: readonly string[]): Promise<{ readonly code: number | null; readonly stdout: string }> {
  const args = [START, ...options, ...(json ? ['--quiet'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, pass);
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout })));
}

const { summary, profile, wallMs } = await replay('whole', more);
const tenth = await replay('tenth', [...more, '--duration', `${Math.round(summary.candles / 10)}m`]);
/** A month of minutes in five minutes; short replays are not judged by it, because their start costs as much as their candles. */
const GOALS = { msPerCandle: 300_000 / 45_031, fromCandles: 10_000, peakMiB: 350, memoryRatio: 1.1 };
/** How much more memory ten times the input takes. */
const memoryRatio = profile.peakMiB / tenth.profile.peakMiB;
function missedGoals(): readonly string[] {
  const { peakMiB } = profile;
  return [
    ...(summary.candles >= GOALS.fromCandles && wallMs > GOALS.msPerCandle * summary.candles ? ['time'] : []),
    ...(peakMiB > GOALS.peakMiB ? ['peak memory'] : []),
    ...(memoryRatio > GOALS.memoryRatio ? ['memory for ten times the input'] : []),
  ];
}

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
  peakMiBOfATenth: tenth.profile.peakMiB,
  memoryRatio,
  goals: GOALS,
  missed: missedGoals(),
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
      'peak MiB': profile.peakMiB.toFixed(0),
      'peak ÷ a tenth': memoryRatio.toFixed(2),
    },
  ]);
  console.log(profileLines(profile).join('\n'));
  const { msPerCandle, peakMiB, memoryRatio: ratio } = GOALS;
  console.log(
    `goal: ≤ ${msPerCandle.toFixed(2)} ms per candle, ≤ ${peakMiB} MiB, ≤ ${ratio} × for ten times the input`,
  );
  console.log(result.missed.length === 0 ? 'reached' : `missed: ${result.missed.join(', ')}`);
}
if (summary.fills === 0 || summary.maxOvershootLots > 1 || summary.duplicateOrders > 0) {
  console.error(
    'a replay without fills, with an overshoot of more than a lot or with an order sent twice proves nothing',
  );
  process.exit(1);
}
if (result.missed.length > 0) process.exit(1);
