import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '#config/load.ts';
import { type Bundle, bundleAll } from '#infra/bundling/bundle.ts';
import { functionVariables } from '#test/support/function-variables.ts';
import { cpuQuota, cpuShareOf } from './cpu-quota.ts';

/**
 * `npm run bench:cold-start [-- --json] [-- --only <function>]`: what Lambda's initialisation of each bundle costs, from the empty
 * process to the exported handler, as a share of importing ccxt whole in the same run. Every process is new; each round runs all.
 */
const ROUNDS = 11;
const GOAL = 0.35;
const WHOLE_CCXT = 'importing ccxt whole';
const CCXT = join(import.meta.dirname, '..', 'node_modules', 'ccxt', 'js', 'ccxt.js');
const VENUE = { httpUrl: 'http://127.0.0.1:9', wsUrl: 'ws://127.0.0.1:9' };

/** Says the milliseconds that loading took; the process joins the quota before it begins. */
const script = (load: string) => `
  if (process.env.PROCS_FILE) require('node:fs').writeFileSync(process.env.PROCS_FILE, String(process.pid));
  const began = performance.now();
  Promise.resolve(${load}).then(() => { console.log(performance.now() - began); process.exit(0); });`;

interface Subject {
  readonly name: string;
  readonly load: string;
  readonly env: Readonly<Record<string, string>>;
  readonly bytes: number | null;
}

function once({ name, load, env }: Subject, procsFile: string | null): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script(load)], {
    encoding: 'utf8',
    env: { ...env, ...(procsFile === null ? {} : { PROCS_FILE: procsFile }) },
  });
  const ms = Number(stdout.trim().split('\n').at(-1));
  if (status !== 0 || !(ms > 0)) throw new Error(`${name} did not load: ${stderr || stdout}`);
  return ms;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

function measure(subjects: readonly Subject[], procsFile: string | null) {
  const times = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const subject of subjects) times.get(subject.name)!.push(once(subject, procsFile));
  }
  const wholeMs = median(times.get(WHOLE_CCXT)!);
  return subjects.map(({ name, bytes }) => {
    const ms = median(times.get(name)!);
    return { name, bytes, ms: Math.round(ms), ratio: Number((ms / wholeMs).toFixed(3)) };
  });
}

async function subjectsOf(bundles: readonly Bundle[]): Promise<readonly Subject[]> {
  const { config } = loadConfig({ stage: 'local' });
  const base = {
    PATH: process.env.PATH ?? '',
    AWS_REGION: 'ap-northeast-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    AWS_XRAY_DAEMON_ADDRESS: '127.0.0.1:2000',
    LAMBDA_TASK_ROOT: '/var/task',
    _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
  };
  const functions = bundles.map(async ({ name, file, bytes }) => {
    const observerId = config.quorum.observers[0]!.id;
    const variables = await functionVariables(config, VENUE, name === 'observer' ? observerId : name);
    return { name, bytes, load: `require(${JSON.stringify(file)})`, env: { ...base, ...variables } };
  });
  const whole = { name: WHOLE_CCXT, bytes: null, load: `import(${JSON.stringify(CCXT)})`, env: base };
  return [whole, ...(await Promise.all(functions))];
}

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const dir = mkdtempSync(join(tmpdir(), '3t-cold-start-'));
try {
  const bundles = (await bundleAll(dir)).filter(({ name }) => only === undefined || name === only);
  const subjects = await subjectsOf(bundles);
  const memoryMb = loadConfig({ stage: 'dev' }).config.aws.functions.memory_mib;
  const free = measure(subjects, null);
  const quota = cpuQuota(`3t-cold-start-${process.pid}`, cpuShareOf(memoryMb));
  const limited = quota === null ? null : measure(subjects, quota.procsFile);
  quota?.remove();
  const results = free.map((row, i) => ({
    ...row,
    quotaMs: limited?.[i]?.ms ?? null,
    quotaRatio: limited?.[i]?.ratio ?? null,
  }));
  const worst = Math.max(
    ...results
      .filter((r) => r.name !== WHOLE_CCXT)
      .flatMap((r) => [r.ratio, ...(r.quotaRatio === null ? [] : [r.quotaRatio])]),
  );
  const summary = {
    bench: 'cold-start',
    rounds: ROUNDS,
    memoryMb,
    cpuShare: Number(cpuShareOf(memoryMb).toFixed(3)),
    quota: quota === null ? 'not measured: no control group may be made here' : 'measured',
    results,
    goal: GOAL,
    worst,
    ok: worst <= GOAL,
  };
  if (process.argv.includes('--json')) console.log(JSON.stringify(summary));
  else {
    console.table(results);
    const limit = quota === null ? summary.quota : `also with ${summary.cpuShare} of a CPU, as ${memoryMb} MB have`;
    console.log(`median of ${ROUNDS}, ${limit}`);
    console.log(`goal: ≤ ${GOAL} × importing ccxt whole · ${summary.ok ? 'reached' : 'MISSED'} (worst ${worst})`);
    console.log(JSON.stringify(summary));
  }
  process.exitCode = summary.ok ? 0 : 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
