import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  barLines,
  checkpointReached,
  HEADER,
  type ReplayResult,
  removeDir,
  replay,
  startReplay,
  summaryOf,
  tempDir,
  writeLines,
} from '#test/support/replay-process.ts';

/** A checkpoint every half hour of market time, and few runs that are warm soon. */
const SHORT = [
  '--checkpoint-every',
  '30m',
  '--config',
  'providence.desired_run_count=20',
  'providence.strategies.ema-crossover.params.fast_bars=[2, 4]',
  'providence.strategies.ema-crossover.params.slow_bars=[6, 10]',
  'providence.strategies.entropy-breakout.params.entropy_bars=[10, 20]',
  'reconciliation_engine.minimum_trade_threshold=60',
];
const MINUTES = 120;

describe('replay of a file', () => {
  let dir: string;
  let file: string;
  let first: ReplayResult;
  beforeAll(async () => {
    dir = tempDir();
    file = writeLines(dir, 'bars.csv', [HEADER, ...barLines(MINUTES)]);
    first = await replay(file, `${dir}/first`, SHORT);
  }, 60_000);
  afterAll(() => removeDir(dir));

  it('trades the whole file without passing what was asked for', () => {
    const summary = summaryOf(first);

    expect(first.code).toBe(0);
    expect(summary).toMatchObject({
      ticks: MINUTES * 4,
      candles: MINUTES,
      runs: expect.any(Number),
      maxOvershootLots: 0,
      duplicateOrders: 0,
    });
    expect((summary.orders as { accepted: number }).accepted).toBeGreaterThan(0);
    expect(summary.fills).toBeGreaterThan(0);
    expect(summary.orders).toMatchObject({ unknown: 0 });
  });

  it('invokes every schedule once a slot of market time, checkpoints or not', () => {
    const { invocations } = summaryOf(first) as { invocations: Record<string, number> };
    const seconds = MINUTES * 60;

    // Cadences of config/replay.yaml and default.yaml.
    const everyFiveMinutes = [
      'balance',
      'observer-1',
      'observer-2',
      'market-data',
      'order-tracker',
      'janitor',
      'run-supervisor',
    ];
    for (const name of everyFiveMinutes) {
      expect(Math.abs((invocations[name] ?? 0) - seconds / 300), name).toBeLessThanOrEqual(1);
    }
    expect(Math.abs((invocations.reconciliation ?? 0) - seconds / 900)).toBeLessThanOrEqual(1);
  });

  it('tells the equity that the platform has stored', async () => {
    const db = new DatabaseSync(`${dir}/first/platform.sqlite`, { readOnly: true });
    const rows = db.prepare('select equity_quote from balance_history order by venue_time_ms').all();
    db.close();
    const { equityStart, equityEnd } = summaryOf(first) as { equityStart: string; equityEnd: string };

    expect(equityStart).toBe('10000');
    expect(Number(rows.at(-1)?.equity_quote)).toBeCloseTo(Number(equityEnd), 6);
  });

  it('ends equal when it is killed after a checkpoint and started again', async () => {
    const state = `${dir}/killed`;
    const killed = startReplay(file, state, SHORT);
    await checkpointReached(state, 2);
    killed.child.kill('SIGKILL');
    expect((await killed.result).signal).toBe('SIGKILL');

    const resumed = await replay(file, state, SHORT);

    expect(resumed.stderr).toContain('goes on from');
    expect(summaryOf(resumed)).toEqual(summaryOf(first));
  });

  it('answers Ctrl-C with exit code 0, no summary and a checkpoint, from which it goes on', async () => {
    const state = `${dir}/interrupted`;
    const interrupted = startReplay(file, state, SHORT);
    await checkpointReached(state, 1);
    const atMs = () =>
      Math.max(
        ...readdirSync(state)
          .filter((name) => /^checkpoint-\d+$/.test(name))
          .map((name) => JSON.parse(readFileSync(`${state}/${name}/checkpoint.json`, 'utf8')).atMs),
      );
    interrupted.child.kill('SIGINT');
    const result = await interrupted.result;
    const stoppedAtMs = atMs();
    const finished = await replay(file, state, SHORT);

    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect(result.stderr).toContain(
      `interrupted at ${new Date(stoppedAtMs).toISOString().slice(0, 19).replace('T', ' ')}`,
    );
    expect(stoppedAtMs % 1_800_000).not.toBe(0);
    expect(summaryOf(finished)).toMatchObject({
      ticks: MINUTES * 4,
      candles: MINUTES,
      maxOvershootLots: 0,
      duplicateOrders: 0,
      interruptions: 1,
    });
    expect(summaryOf(first)).toMatchObject({ interruptions: 0 });
  });

  it('gives a finished replay its summary again, and starts anew for another seed', async () => {
    const again = await replay(file, `${dir}/first`, SHORT);
    const other = await replay(file, `${dir}/first`, [...SHORT, '--seed', '2', '--duration', '10m']);

    expect(again.stderr).toContain('has ended before');
    expect(summaryOf(again)).toEqual(summaryOf(first));
    expect(other.stderr).toContain('starting anew');
    expect(summaryOf(other)).toMatchObject({ ticks: 41 });
  });
});

describe('input of a replay', () => {
  let dir: string;
  beforeAll(() => {
    dir = tempDir();
  });
  afterAll(() => removeDir(dir));

  it('ends a reversed file with exit code 2, and says so in the JSON', async () => {
    const file = writeLines(dir, 'reversed.csv', [HEADER, ...barLines(10).toReversed()]);

    const { code, stdout, stderr } = await replay(file, `${dir}/reversed`);

    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toEqual({
      code: 'mostly-refused',
      message: expect.stringContaining('9 lines are refused and 1 are readable; the first one refused, out-of-order'),
    });
    expect(stderr).toContain('Sort it by time');
  });

  it('takes the kline files of the Binance archive', async () => {
    const file = writeLines(dir, 'klines.csv', barLines(10, 'kline'));

    const result = await replay(file, `${dir}/klines`);

    expect(summaryOf(result)).toMatchObject({ ticks: 40, candles: 10 });
  });

  it('counts lines that are no bars, shows the first, and replays the others', async () => {
    const lines = barLines(10);
    const file = writeLines(dir, 'bad.csv', [
      HEADER,
      ...lines.slice(0, 5),
      'what,is,this',
      '',
      lines[4]!,
      ...lines.slice(5),
    ]);

    const result = await replay(file, `${dir}/bad`);

    expect(summaryOf(result)).toMatchObject({ ticks: 40, candles: 10 });
    expect(result.stderr).toContain('2 lines refused (1 columns, 1 duplicate)');
    expect(result.stderr).toContain('what,is,this');
  });

  it('says what is wrong and exits 1 when there is nothing to replay', async () => {
    const result = await replay(`${dir}/nowhere.csv`, `${dir}/wrong`);

    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('there is no file');
  });

  it('takes a short name of a symbol, and says in a sentence which there are', async () => {
    const file = writeLines(dir, 'bars.csv', [HEADER, ...barLines(5)]);

    const [known, unknown] = [
      await replay(file, `${dir}/short`, ['--symbol', 'eth']),
      await replay(file, `${dir}/unlisted`, ['--symbol', 'nope']),
    ];

    expect(known.code).toBe(0);
    expect(known.stderr).toContain('5 candles of ETH/USDC:USDC');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/^3T: --symbol nope is not listed; choose one of BTC\/USDC:USDC, [^\n]*\n$/);
  });

  it('refuses the folder of a platform that is no replay', async () => {
    const file = writeLines(dir, 'bars.csv', [HEADER, ...barLines(5)]);
    writeLines(dir, 'platform.sqlite', ['a live platform']);

    const result = await replay(file, dir);

    expect(result.code).toBe(1);
    expect(result.stderr).toContain('holds a platform that is no replay');
  });
});
