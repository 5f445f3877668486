/**
 * `npm run test:kills`: kills the platform process with `kill -9` at seeded places and compares what the next process makes of
 * it with the exchange simulator's own file. `-- --kills N`, `-- --seed N` (one sequence), `-- --parallel N`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KILL_POINTS, KILLS_PER_SEQUENCE, planSequence, REQUIRED_KILLS, REQUIRED_POINTS } from './kill-plan.ts';
import { type KillResult, KillSequence, type SequenceResult } from './kill-sequence.ts';
import { killAllLives } from './platform-life.ts';

const DEFAULT_KILLS = 60;

const { values } = parseArgs({
  options: { kills: { type: 'string' }, seed: { type: 'string' }, parallel: { type: 'string', default: '4' } },
});
const whole = (text: string, name: string): number => {
  const n = Number(text);
  if (Number.isInteger(n) && n >= 1 && n <= 100_000) return n;
  console.error(`--${name}: expected a whole number from 1 to 100000, not '${text}'`);
  process.exit(2);
};
const parallel = whole(values.parallel, 'parallel');
const seed = values.seed === undefined ? null : whole(values.seed, 'seed');
const wanted = whole(values.kills ?? String(seed === null ? DEFAULT_KILLS : KILLS_PER_SEQUENCE), 'kills');

function plans() {
  const sequences = Math.ceil(wanted / KILLS_PER_SEQUENCE);
  return Array.from({ length: sequences }, (_, i) => {
    const kills = Math.min(KILLS_PER_SEQUENCE, wanted - i * KILLS_PER_SEQUENCE);
    return planSequence((seed ?? 1) + i, kills);
  });
}

async function runAll(): Promise<readonly SequenceResult[]> {
  const left = [...plans()];
  const results: SequenceResult[] = [];
  const worker = async () => {
    for (let plan = left.shift(); plan; plan = left.shift()) {
      const result = await new KillSequence(plan).run();
      results.push(result);
      report(result);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return results.sort((a, b) => a.seed - b.seed);
}

/** One line per sequence while it runs, and everything about a failure. */
function report({ seed: own, kills, problems, orders, fills, stateDir }: SequenceResult): void {
  const failed = kills.filter((kill) => kill.problems.length > 0);
  const verdict = failed.length + problems.length === 0 ? 'ok' : 'FAILED';
  console.log(`seed ${own}: ${kills.length} kills, ${orders} orders, ${fills} fills: ${verdict}`);
  for (const [index, kill] of kills.entries()) {
    if (kill.problems.length === 0) continue;
    console.log(
      `  kill ${index + 1} of seed ${own}: ${JSON.stringify(kill.plan)}, orders then ${kill.fates.join(', ')}`,
    );
    for (const problem of kill.problems) console.log(`    ${problem}`);
  }
  for (const problem of problems) console.log(`  ${problem}`);
  if (stateDir) console.log(`  replay: npm run test:kills -- --seed ${own}   (files: ${stateDir})`);
}

function table(kills: readonly KillResult[]): void {
  const rows = KILL_POINTS.flatMap((point) => {
    const own = kills.filter((kill) => kill.plan.point === point);
    const variants = [...new Set(own.map((kill) => kill.plan.variant))].sort();
    return variants.map((variant) => {
      const some = own.filter((kill) => kill.plan.variant === variant);
      const fates = Map.groupBy(
        some.flatMap((kill) => kill.fates),
        (fate) => fate,
      );
      const worst = some.map((kill) => kill.quiet).reduce((a, b) => (a.afterMs > b.afterMs ? a : b));
      return {
        point,
        place: variant,
        kills: some.length,
        failed: some.filter((kill) => kill.problems.length > 0).length,
        'orders at work, and what became of them': [...fates].map(([fate, all]) => `${all.length} ${fate}`).join(', '),
        'quiet after, s (worst)': (worst.afterMs / 1000).toFixed(1),
        'of which longest': worst.longest.slice(0, 60),
      };
    });
  });
  console.table(rows);
}

// Every life compiles the same files.
const compileCache = mkdtempSync(join(tmpdir(), '3t-kills-cache-'));
process.env.NODE_COMPILE_CACHE = compileCache;
process.on('exit', () => rmSync(compileCache, { recursive: true, force: true }));
process.on('SIGINT', () => {
  killAllLives();
  process.exit(130);
});

const began = Date.now();
const results = await runAll();
const kills = results.flatMap((result) => result.kills);
table(kills);
const counts = new Map(REQUIRED_POINTS.map((point) => [point, kills.filter((k) => k.plan.point === point).length]));
console.log([...counts].map(([point, n]) => `${point} ${n}`).join(', '));
const missing = wanted - kills.length;
const short = seed === null && wanted >= DEFAULT_KILLS && [...counts.values()].some((n) => n < REQUIRED_KILLS);
if (short) console.log(`fewer than ${REQUIRED_KILLS} kills of a required point: the run is void`);
const failed =
  kills.filter((kill) => kill.problems.length > 0).length +
  results.filter((result) => result.problems.length > 0).length +
  missing;
console.log(`${((Date.now() - began) / 1000).toFixed(0)} s`);
console.log(`${kills.filter((kill) => kill.problems.length === 0).length} passed, ${failed} failed`);
process.exit(failed > 0 || short ? 1 : 0);
