import { describe, expect, it } from 'vitest';
import { runSupervisorEnvSchema } from '#functions/run-supervisor/env.ts';
import { createHandler } from '#functions/run-supervisor/handler.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import type { LiveRunCounts } from '#shared/core/runs/run-figures.ts';
import { newTakeProfitState } from '#shared/core/runs/take-profit.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { anInstrument } from '#test/support/instruments.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { RUNS_START_MS } from '#test/support/run-builders.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';

const instrument = (symbol: string) => anInstrument(symbol.split('/')[0]!, { exchange: 'sim', symbol });
const schedule = (minute = 0) => ({
  v: 1,
  type: 'schedule',
  job: 'run-supervisor',
  scheduledTime: new Date(RUNS_START_MS + minute * 60_000).toISOString(),
  executionId: `e${minute}`,
  attempt: '1',
});

async function aBench(providence: object = { desired_run_count: 10 }) {
  const db = memoryDatabase();
  const runs = new SqlRunsRepository(db);
  const instruments = sqlInstrumentsRepository(db);
  await instruments.replaceAll('sim', [instrument('BTC/USDC:USDC'), instrument('ETH/USDC:USDC')], 0);
  await instruments.manage('sim', 'BTC/USDC:USDC', null, 0);
  await instruments.manage('sim', 'ETH/USDC:USDC', null, 0);
  const heartbeats: unknown[] = [];
  const clock = manualClock(RUNS_START_MS + 7);
  const telemetry = new RecordingTelemetry();
  const alerts = storedAlerts(clock, db);
  const deps = {
    runs,
    instruments,
    candles: { range: async () => [] },
    alerts,
    jobs: { recordOk: async (job: string, atMs: number) => void heartbeats.push([job, atMs]) },
    clock,
    telemetry,
    liveRuns: null as (() => Promise<readonly LiveRunCounts[]>) | null,
  };
  const env = runSupervisorEnvSchema.parse({
    EXCHANGE: 'sim',
    ACCOUNT: 'main',
    PROVIDENCE: JSON.stringify(providence),
  });
  const count = async () => [...(await runs.liveRuns('sim')).values()].reduce((sum, r) => sum + r.count, 0);
  return { handle: createHandler(deps, env), deps, telemetry, runs, instruments, heartbeats, clock, count };
}

describe('run-supervisor', () => {
  it('alarms once the runs of a managed symbol have lacked their history for ten minutes', async () => {
    const { handle, deps, runs, clock } = await aBench();
    const gap = (symbol: string, dataState: 'data-gap' | 'live') =>
      [symbol, { symbol, dataState, dataStateSinceMs: RUNS_START_MS, lastTradeTimeMs: RUNS_START_MS }] as const;
    runs.cohortHealth = async () =>
      new Map([gap('BTC/USDC:USDC', 'data-gap'), gap('ETH/USDC:USDC', 'live'), gap('OLD/USDC:USDC', 'data-gap')]);
    clock.set(RUNS_START_MS + 599_999);
    await handle(schedule(9));
    expect(await deps.alerts.raised()).toEqual([]);

    clock.set(RUNS_START_MS + 600_000);
    await handle(schedule(10));

    expect(await deps.alerts.raised()).toEqual([
      expect.objectContaining({ kind: 'data-gap', symbol: 'BTC/USDC:USDC', severity: 'critical' }),
    ]);
  });

  it('alarms about no history at a first start, where there are no runs that could lack it', async () => {
    const { handle, deps, runs } = await aBench();
    await handle(schedule());
    await handle(schedule(1));

    expect(await deps.alerts.raised()).toEqual([]);
    expect((await runs.cohortHealth('sim')).size).toBeGreaterThan(0);
  });

  it('tells symbols that they get no runs only by a pass that was not cut off', async () => {
    const { handle, deps, instruments, clock } = await aBench({ desired_run_count: 3, max_new_runs_per_cycle: 1 });
    await instruments.replaceAll(
      'sim',
      ['BTC', 'ETH', 'SOL'].map((base) => instrument(`${base}/USDC:USDC`)),
      0,
    );
    const told: unknown[] = [];
    deps.jobs.recordOk = async (...[, , detail]: unknown[]) =>
      void told.push((detail as { toldUpToMs: number }).toldUpToMs);
    await instruments.manage('sim', 'SOL/USDC:USDC', null, RUNS_START_MS);
    const without = async () => {
      const live = await deps.runs.liveRuns('sim');
      return ['BTC', 'ETH', 'SOL'].filter((base) => !live.has(`${base}/USDC:USDC`));
    };
    for (const minute of [0, 1]) {
      clock.set(RUNS_START_MS + minute * 60_000);
      await handle(schedule(minute));
      // Those of the first start are managed since 0.
      const waiting = await without();
      expect(waiting).not.toEqual([]);
      expect(told.at(-1)).toBe(waiting.some((base) => base !== 'SOL') ? -1 : RUNS_START_MS - 1);
    }

    await handle(schedule(2));

    expect(told.at(-1)).toBe(RUNS_START_MS);
  });

  it('tells the figures of the live runs where nobody reads them from rows', async () => {
    const { handle, deps, telemetry, count } = await aBench();
    const btc = { symbol: 'BTC/USDC:USDC', live: 3, long: 2, short: 1, winning: 2, losing: 1, pnlMicros: 4_500_000 };
    deps.liveRuns = async () => [btc, { ...btc, live: 1, long: 0, short: 0, winning: 0, pnlMicros: -500_000 }];
    await handle(schedule());
    const told = (name: string) => telemetry.gauges.get(name);
    expect([metrics.runsLong, metrics.runsShort, metrics.runsFlat].map(told)).toEqual([2, 1, 1]);
    expect([metrics.runsWinning, metrics.runsLosing].map(told)).toEqual([2, 2]);
    expect([metrics.runsPnl, metrics.runsPnlMean, metrics.runsPnlBySymbol].map(told)).toEqual([4, 1, 4]);
    expect(told(metrics.runsBySymbol)).toBe(4);

    deps.liveRuns = async () => Promise.reject(new Error('no database'));
    expect(await handle(schedule(1)), 'panels are not worth a failure').toEqual({ batchItemFailures: [] });
    expect(await count()).toBe(10);
  });

  it('fills the population and leaves a heartbeat', async () => {
    const { handle, count, heartbeats } = await aBench();
    expect(await handle(schedule())).toEqual({ batchItemFailures: [] });
    expect(await count()).toBe(10);
    expect(heartbeats).toEqual([['run-supervisor', RUNS_START_MS + 7]]);
  });

  it('creates nothing twice when a slot is delivered again', async () => {
    const { handle, runs, count } = await aBench();
    await handle(schedule());
    await runs.endRunsExcept('sim', [], 'target', RUNS_START_MS);
    await handle(schedule());
    expect(await count(), 'the same slot has no new keys').toBe(0);
    await handle(schedule(5));
    expect(await count()).toBe(10);
  });

  it('ends the runs of a symbol that is no longer managed', async () => {
    const { handle, runs, instruments, count } = await aBench();
    await handle(schedule());
    await instruments.unmanage('sim', 'ETH/USDC:USDC');
    await handle(schedule(5));
    expect([...(await runs.liveRuns('sim')).keys()]).toEqual(['BTC/USDC:USDC']);
    expect(await count()).toBe(10);
  });

  it('creates nothing while a stop is latched, and is alive all the same', async () => {
    const { handle, runs, count, heartbeats } = await aBench();
    await runs.saveTakeProfitState({ ...newTakeProfitState('sim', 'main'), latched: 'drawdown', latchedAtMs: 1 }, null);
    await handle(schedule());
    expect(await count()).toBe(0);
    expect(heartbeats.length).toBe(1);
  });

  it('purges what ended long ago', async () => {
    const { handle, runs, clock } = await aBench({ desired_run_count: 3, retention_h: 1 });
    await handle(schedule());
    await runs.endRunsExcept('sim', [], 'target', RUNS_START_MS);
    clock.set(RUNS_START_MS + 3_600_001);
    await handle(schedule(60));
    const rows = await runs.aggregates('sim', {
      livePnlAboveMicros: 0,
      freshSinceMs: 0,
      freshUntilMs: Number.MAX_SAFE_INTEGER,
    });
    expect(rows.reduce((sum, r) => sum + r.liveCount, 0)).toBe(3);
    expect(await runs.purge('sim', Number.MAX_SAFE_INTEGER, 10), 'nothing was left over').toBe(0);
  });

  it('names the queue messages that failed and runs the others', async () => {
    const { handle, count } = await aBench();
    const event = {
      Records: [
        { messageId: 'bad', body: 'x' },
        { messageId: 'good', body: JSON.stringify(schedule()) },
      ],
    };
    expect(await handle(event)).toEqual({ batchItemFailures: [{ itemIdentifier: 'bad' }] });
    expect(await count()).toBe(10);
  });

  it('throws when it is asked directly with something else', async () => {
    const { handle } = await aBench();
    await expect(handle({ hello: 1 })).rejects.toThrow(TypeError);
  });
});

describe('run-supervisor environment', () => {
  it('refuses settings that are no JSON or no settings', () => {
    for (const PROVIDENCE of ['{', '{"nope":1}']) {
      expect(runSupervisorEnvSchema.safeParse({ EXCHANGE: 'sim', ACCOUNT: 'main', PROVIDENCE }).success).toBe(false);
    }
  });
});
