/**
 * npm run test:simulation -- [--seeds N] [--from N] [--workers N]   many seeds, a table, failing seeds with how to replay them
 * npm run test:simulation -- --seed N                               one seed, told in full
 * Exit code 1 when an invariant broke, a kind of fault was too rare or a seed did not repeat itself.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { coverageOf } from './coverage-table.ts';
import { runOnThreads } from './seed-pool.ts';
import type { SeedReply } from './seed-worker.ts';
import type { SeedResult } from './simulate-seed.ts';
import { tellSeed } from './tell-seed.ts';

const DEFAULT_SEEDS = 200;
const FAILURES_SHOWN = 10;

const whole = (text: string | undefined, fallback: number, name: string): number => {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name}: expected a whole number, not ${text}`);
  process.exit(2);
};

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { seeds: text, from: text, seed: text, workers: text } });
  if (values.seed !== undefined) return tellSeed(whole(values.seed, 1, 'seed'));
  const count = whole(values.seeds, DEFAULT_SEEDS, 'seeds');
  const from = whole(values.from, 1, 'from');
  const workers = Math.max(1, whole(values.workers, availableParallelism(), 'workers'));
  return runMany(count, from, workers);
}

async function runMany(count: number, from: number, workers: number): Promise<number> {
  const began = performance.now();
  const results: SeedResult[] = [];
  const crashes: Extract<SeedReply, { kind: 'crashed' }>[] = [];
  const seconds = () => ((performance.now() - began) / 1000).toFixed(0);
  const seeds = Array.from({ length: count }, (_, i) => from + i);
  await runOnThreads(seeds, workers, (reply) => {
    if (reply.kind === 'result') results.push(reply.result);
    else crashes.push(reply);
    const done = results.length + crashes.length;
    if (done % 10 === 0 || done === count) console.log(`${done} of ${count} seeds, ${seconds()} s`);
  });
  results.sort((a, b) => a.seed - b.seed);
  const failing = results.filter((result) => result.violations.length > 0);
  for (const result of failing.slice(0, FAILURES_SHOWN)) tellFailure(result);
  for (const { seed, error } of crashes.slice(0, FAILURES_SHOWN))
    console.log(`\nseed ${seed} crashed: ${error}\n${replay(seed)}`);
  const shownNot = failing.length + crashes.length - FAILURES_SHOWN;
  if (shownNot > 0)
    console.log(
      `\nand ${failing.length + crashes.length} failing seeds in all: ${failing.map((r) => r.seed).join(', ')}`,
    );

  const coverage = coverageOf(results);
  console.log(`\n${coverage.table}\n`);
  for (const { what, seeds: n, least } of coverage.thin) console.log(`${what}: in ${n} seeds, ${least} are needed`);
  const repeats = await repeatsItself(results, crashes.length > 0);
  const orders = results.reduce((sum, result) => sum + result.acceptedOrders, 0);
  const minutes = results.reduce((sum, result) => sum + result.marketMinutes, 0);
  console.log(`${orders} orders in ${Math.round(minutes)} market minutes, ${seconds()} s on ${workers} threads`);
  const passed = results.length - failing.length;
  const failed = failing.length + crashes.length + coverage.thin.length + (repeats ? 0 : 1);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function tellFailure(result: SeedResult): void {
  console.log(`\nseed ${result.seed} failed`);
  for (const { invariant, message, clientOrderIds } of result.violations) {
    console.log(`  ${invariant}: ${message}${clientOrderIds?.length ? ` [${clientOrderIds.join(', ')}]` : ''}`);
  }
  for (const row of result.rows) console.log(`  ${row}`);
  console.log(replay(result.seed));
}

const replay = (seed: number): string => `  replay it with: npm run test:simulation -- --seed ${seed}`;

/** The first seed once more, on a new thread: the same decisions, orders and fills to the last byte. */
async function repeatsItself(results: readonly SeedResult[], crashed: boolean): Promise<boolean> {
  const first = results[0];
  if (!first) return crashed;
  let again: SeedReply | null = null;
  await runOnThreads([first.seed], 1, (reply) => {
    again = reply;
  });
  const reply = again as SeedReply | null;
  const sha = reply?.kind === 'result' ? reply.result.decisionLogSha256 : reply?.error;
  const same = sha === first.decisionLogSha256;
  console.log(
    same
      ? `seed ${first.seed} repeated itself: ${sha}`
      : `seed ${first.seed} did not repeat itself: ${first.decisionLogSha256}, then ${sha}`,
  );
  return same;
}

process.exitCode = await main();
