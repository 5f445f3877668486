import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DataApiUnderTest, noMariadb, startDataApi } from '#test/support/data-api.ts';
import {
  barLines,
  HEADER,
  type ReplayResult,
  removeDir,
  replay,
  summaryOf,
  tempDir,
  writeLines,
} from '#test/support/replay-process.ts';

const ON_MYSQL = join(import.meta.dirname, '..', 'support', 'replay-on-mysql.ts');
const MINUTES = 68;

/** One segment, because a checkpoint holds SQLite's file; few runs that are warm soon, and orders small enough to be many. */
const SETTINGS = [
  '--checkpoint-every',
  '10d',
  '--config',
  'providence.desired_run_count=20',
  'providence.strategies.ema-crossover.params.fast_bars=[2, 4]',
  'providence.strategies.ema-crossover.params.slow_bars=[6, 10]',
  'providence.strategies.entropy-breakout.params.entropy_bars=[10, 20]',
  'reconciliation_engine.minimum_trade_threshold=60',
];

describe.skipIf(noMariadb)('a replay on MySQL', () => {
  let dir: string;
  let under: DataApiUnderTest;
  beforeAll(async () => {
    dir = tempDir();
    under = await startDataApi();
  });
  afterAll(async () => {
    await under?.end();
    removeDir(dir);
  });

  async function replayOnMysql(file: string, database: string): Promise<ReplayResult> {
    const child = spawn(
      process.execPath,
      [
        ON_MYSQL,
        under.api.url,
        database,
        ...['--replay', file, '--state', `${dir}/mysql`, '--port', '0', '--speed', 'max', '--summary', 'json'],
        ...SETTINGS,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    return new Promise((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
  }

  it('decides, orders and ends exactly as on SQLite', { timeout: 120_000 }, async () => {
    const file = writeLines(dir, 'bars.csv', [HEADER, ...barLines(MINUTES)]);

    const database = await under.newDatabase();
    const onSqlite = summaryOf(await replay(file, `${dir}/sqlite`, SETTINGS));
    const onMysql = summaryOf(await replayOnMysql(file, database));

    expect(onMysql).toEqual(onSqlite);
    expect(onMysql.decisionLogSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(onMysql.fills, 'it traded').toBeGreaterThan(0);
    // Not the same database by mistake.
    const [rows] = await under.mysql.query('select count(*) as n from ??.decisions', [database]);
    expect((rows as { n: number }[])[0]?.n).toBe(onMysql.decisions);
    expect(under.api.calls()).toBeGreaterThan(1_000);
  });
});
