import { describe, expect, it } from 'vitest';
import { type JanitorEnv, janitorEnvSchema } from '#functions/janitor/env.ts';
import { createHandler } from '#functions/janitor/handler.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import { ACCOUNT, anAccountState, anObserverDocument, systemUnderTest } from '#test/support/system.ts';

const env: JanitorEnv = janitorEnvSchema.parse({
  EXCHANGE: 'hyperliquid',
  ACCOUNT,
  ADDRESS: ACCOUNT,
  VENUE_KIND: 'simulator',
  APPROVAL: 'automatic',
  SYMBOLS: 'BTC/USDC:USDC,NOPE/USDC:USDC',
  OBSERVER_IDS: 'a,b',
  OBSERVERS_REQUIRED: '1',
  INSTRUMENTS_REFRESH_MS: '3600000',
  INSTRUMENTS_MAX_AGE_MS: '7260000',
  CLOCK_JUMP_MS: '60000',
  CLOCK_BEHIND_MAX_MS: '1000',
  CLOCK_AHEAD_MAX_MS: '5000',
});
const job = (name: string) => ({
  v: 1,
  type: 'schedule',
  job: name,
  scheduledTime: '2026-01-01T00:00:00.000Z',
  executionId: 'e',
});
const START = job('janitor-start');
const TICK = { Records: [{ messageId: 'm', body: JSON.stringify(job('janitor')) }] };
const timeout = () => new ExchangeError('timeout', 'no answer in 5 s', { retryable: true, mayHaveReachedVenue: true });

function janitor(change: Partial<JanitorEnv> = {}) {
  const system = systemUnderTest();
  const handler = createHandler(system.deps, { ...env, ...change });
  /** Everything that a healthy account needs, seen now. */
  const seeAccount = () => {
    const nowMs = system.clock.nowMs();
    system.world.account = anAccountState(nowMs);
    system.world.documents.set('a', anObserverDocument('a', nowMs));
  };
  const pass = (ms: number) => system.clock.set(system.clock.nowMs() + ms);
  return { ...system, handler, seeAccount, pass };
}

async function healthyJanitor(change: Partial<JanitorEnv> = {}) {
  const j = janitor(change);
  await j.handler(START);
  j.pass(1_000);
  j.seeAccount();
  await j.handler(TICK);
  expect(await j.state()).toMatchObject({ state: 'HEALTHY' });
  return j;
}

describe('janitor', () => {
  it('brings a new simulator to RECONCILING with instruments and products, and says what is missing', async () => {
    const { handler, deps, state } = janitor();

    const outcome = await handler(START);

    expect(await state()).toMatchObject({ state: 'RECONCILING', changedBy: 'automatic-approval' });
    expect(outcome.instruments).toMatchObject({ kind: 'synced', unknownSymbols: ['NOPE/USDC:USDC'] });
    expect((await deps.instruments.products('hyperliquid')).map((p) => p.instrument.venueSymbol)).toEqual(['BTC']);
    expect(outcome.reconciling).toMatchObject({
      kind: 'waiting',
      missing: [{ code: 'own-snapshot-missing' }, { code: 'observers-missing' }],
    });
    const stored = (await deps.jobs.all()).find((j) => j.job === 'reconciling');
    expect(stored?.detail.missing).toHaveLength(2);
  });

  it('becomes HEALTHY on the tick that finds account and observer newer than the start', async () => {
    const { handler, state, seeAccount, pass } = janitor();
    seeAccount();
    await handler(START);
    await handler(TICK);
    expect(await state(), 'what was seen at the very start is not newer').toMatchObject({ state: 'RECONCILING' });

    pass(5_000);
    seeAccount();
    await handler(TICK);

    expect(await state()).toMatchObject({ state: 'HEALTHY' });
  });

  it('waits for a human where approval is manual, and reconciles once unlocked', async () => {
    const { handler, state, deps, clock } = janitor({ VENUE_KIND: 'live', APPROVAL: 'manual' });
    await handler(START);
    await handler(TICK);
    expect(await state()).toMatchObject({ state: 'LOCKED', reason: 'bootstrap complete, awaiting approval' });

    const at = { exchange: 'hyperliquid', by: 'cli:ada', reason: 'checked', atMs: clock.nowMs() };
    await deps.control.change({ kind: 'unlock', ...at });
    await handler(TICK);

    expect(await state()).toMatchObject({ state: 'RECONCILING', approved: true });
  });

  it('stays in BOOTSTRAPPING while the venue cannot be read, and goes on when it can', async () => {
    const { handler, state, world, deps } = janitor();
    world.instruments = timeout();
    const failed = await handler(START);
    expect(failed.instruments).toEqual({ kind: 'failed', error: 'no answer in 5 s' });
    expect(await state()).toMatchObject({ state: 'BOOTSTRAPPING' });
    expect(deps.telemetry.logs.map((l) => l.event)).toContain('instruments.failed');

    world.instruments = systemUnderTest().world.instruments;
    await handler(TICK);

    expect(await state()).toMatchObject({ state: 'RECONCILING' });
  });

  it('reconciles again after a restart and keeps a lock over it', async () => {
    const { handler, state, deps, clock, pass } = await healthyJanitor();
    pass(3_600_000);
    await handler(START);
    expect(await state()).toMatchObject({ state: 'RECONCILING', reason: 'platform started' });
    await handler(TICK);
    expect((await state())?.reason, 'the pause is a restart, not a sleep').toBe('platform started');

    const at = { exchange: 'hyperliquid', by: 'page', reason: 'hands off', atMs: clock.nowMs() };
    await deps.control.change({ kind: 'lock', mode: 'freeze', ...at });
    await handler(START);

    expect(await state()).toMatchObject({ state: 'LOCKED', lockMode: 'freeze', changedBy: 'page' });
  });

  it.each([
    ['sleep', 60_001],
    ['clock set back', -5_000],
  ])('reconciles again after a %s of the machine', async (_what, jumpMs) => {
    const { handler, state, pass, world } = await healthyJanitor();
    const loads = world.loads;
    pass(jumpMs);

    await handler(TICK);

    expect(await state()).toMatchObject({ state: 'RECONCILING' });
    expect(world.loads, 'instruments are read again').toBe(loads + 1);
  });

  it('takes a beat that another process overtook for no jump of the clock', async () => {
    const { handler, pass, state } = await healthyJanitor();
    pass(-300);

    await handler(TICK);

    expect(await state()).toMatchObject({ state: 'HEALTHY' });
  });

  it('does nothing on a tick within the threshold', async () => {
    const { handler, deps, pass, state } = await healthyJanitor();
    const before = await state();
    const logged = deps.telemetry.logs.length;
    pass(60_000);

    const outcome = await handler(TICK);

    expect(outcome).toMatchObject({ jump: { kind: 'steady' }, instruments: { kind: 'not-due' } });
    expect(await state()).toEqual(before);
    expect(deps.telemetry.logs.length).toBe(logged);
  });

  it('stays in RECONCILING while the clock is doubtful, and checks it again', async () => {
    const { handler, state, seeAccount, pass, world, clock } = janitor();
    world.venueTimeMs = clock.nowMs() + 30_000;
    await handler(START);
    pass(1_000);
    seeAccount();
    const waiting = await handler(TICK);
    expect(waiting.reconciling).toMatchObject({ kind: 'waiting', missing: [{ code: 'clock-doubtful' }] });

    world.venueTimeMs = null;
    await handler(TICK);

    expect(await state()).toMatchObject({ state: 'HEALTHY' });
  });

  it('goes by the venue’s time once two readings agree, and says so', async () => {
    const j = await healthyJanitor();
    let corrected = 0;
    const correct = (ms: number) => {
      corrected = ms;
    };
    j.deps.correction = { correctionMs: 0, correct };
    const wrong = createHandler(j.deps, env);
    const beat = async () => {
      j.pass(5_000);
      j.world.venueTimeMs = j.clock.nowMs() - 60_000;
      return wrong(TICK);
    };
    j.pass(120_000);
    await beat();
    expect(corrected).toBe(0);
    await beat();
    expect(corrected).toBe(-60_000);
  });

  it('opens nothing by a clock that is wrong and cannot be set', async () => {
    const j = await healthyJanitor();
    j.pass(60_000);
    j.world.venueTimeMs = j.clock.nowMs() - 60_000;
    await j.handler(TICK);
    expect(await j.state(), 'one late answer may be the venue’s').toMatchObject({ state: 'HEALTHY' });
    await j.handler(TICK);
    expect(await j.state()).toMatchObject({ state: 'RECONCILING', reason: expect.stringMatching(/60000 ms ahead of/) });
    expect(await j.deps.alerts.raised()).toEqual([
      expect.objectContaining({ kind: 'clock-wrong', severity: 'critical' }),
    ]);

    j.world.venueTimeMs = null;
    j.pass(1_000);
    j.seeAccount();
    await j.handler(TICK);
    expect(await j.state()).toMatchObject({ state: 'HEALTHY' });
  });

  it('brings back stored times of the future when the venue confirms the present, and only then', async () => {
    const j = janitor();
    j.world.future = [{ what: 'latest_prices.mark_time_ms', rows: 7, newestMs: j.clock.nowMs() + 3_600_000 }];
    j.world.venueTimeMs = j.clock.nowMs() + 60_000;
    await j.handler(START);
    expect((await j.deps.alerts.raised()).map((alert) => alert.kind)).not.toContain('future-times');
    j.world.venueTimeMs = null;
    await j.handler(TICK);
    expect(await j.deps.alerts.raised()).toContainEqual(
      expect.objectContaining({ kind: 'future-times', detail: { 'latest_prices.mark_time_ms': expect.any(Number) } }),
    );
  });

  it('does not doubt the clock when the venue cannot be asked', async () => {
    const { handler, state, seeAccount, pass, world } = janitor();
    world.venueTimeMs = timeout();
    await handler(START);
    pass(1_000);
    seeAccount();

    const outcome = await handler(TICK);

    expect(outcome.clock).toEqual({ kind: 'unreachable', error: 'no answer in 5 s' });
    expect(await state()).toMatchObject({ state: 'HEALTHY' });
  });

  it('does not count a malformed observer document', async () => {
    const { handler, seeAccount, pass, world } = janitor();
    await handler(START);
    pass(1_000);
    seeAccount();
    world.documents.set('a', new Error('positions: expected object'));

    const outcome = await handler(TICK);

    expect(outcome.reconciling).toMatchObject({ kind: 'waiting', missing: [{ code: 'observers-missing' }] });
    expect(JSON.stringify(outcome.reconciling)).toContain('expected object');
  });

  it('treats a malformed event as a tick', async () => {
    const { handler, state } = janitor();

    await handler({ nonsense: true });

    expect(await state(), 'only a start creates the state').toBeNull();
  });
});

describe('janitor that watches the mark of its database', () => {
  /** Healthy, with two beats stored, the first of them marked. */
  async function watching() {
    const j = janitor();
    const { deps, handler } = j;
    await handler(START);
    const beat = async (ms: number) => {
      j.pass(ms);
      j.seeAccount();
      return handler(TICK);
    };
    await beat(1_000);
    await beat(30_000);
    expect(await j.state()).toMatchObject({ state: 'HEALTHY' });
    return { ...j, deps, beat, mark: async () => (await deps.marker.read())! };
  }
  const JANITOR = 'janitor';

  it('marks what the database has stored, about once a minute', async () => {
    const { beat, mark, clock } = await watching();
    const first = (await mark()).beatsMs?.hyperliquid;
    await beat(20_000);
    expect((await mark()).beatsMs?.hyperliquid).toBe(first);
    await beat(30_000);
    await beat(30_000);

    expect((await mark()).beatsMs?.hyperliquid).toBe(clock.nowMs() - 30_000);
  });

  it('takes the beats of a clock that was ahead for no loss once it was set back, and marks those of the present', async () => {
    const { beat, state, mark, clock } = await watching();
    await beat(7_200_000);
    for (let i = 0; i < 4; i += 1) await beat(30_000);
    await beat(-7_200_000);
    for (let i = 0; i < 4; i += 1) await beat(30_000);

    expect((await state())?.state).not.toBe('LOCKED');
    expect((await mark()).beatsMs?.hyperliquid).toBeLessThanOrEqual(clock.nowMs());
  });

  it('locks within a beat when the database is exchanged for an older one, and says what it lost', async () => {
    const { beat, state, deps, clock } = await watching();
    for (let i = 0; i < 20; i += 1) await beat(30_000);
    // As a point in time that was restored behind the running platform: the state has not changed since.
    await deps.jobs.recordOk(JANITOR, clock.nowMs() - 420_000);
    await beat(30_000);

    expect(await state()).toMatchObject({
      state: 'LOCKED',
      lockMode: 'freeze',
      reason: expect.stringMatching(/lost \d+ s/),
    });
    expect(await deps.alerts.raised()).toMatchObject([{ kind: 'database-restored', severity: 'critical' }]);
    await beat(30_000);
    await deps.control.change({ kind: 'unlock', exchange: 'hyperliquid', by: 'cli:ada', reason: 'compared', atMs: 1 });
    await beat(30_000);
    await beat(30_000);
    expect(await state(), 'a human has accepted it').toMatchObject({ state: 'HEALTHY' });
  });

  it.each([
    ['of another installation', { tag: '12345678', stateVersions: {} }],
    ['of another place', null],
  ])('locks when the mark is %s', async (_, mark) => {
    const { beat, state, deps } = await watching();
    const read = deps.marker.read;
    deps.marker.read = async () => mark;
    await beat(30_000);
    deps.marker.read = read;

    expect(await state()).toMatchObject({ state: 'LOCKED', lockMode: 'freeze' });
  });

  it('opens nothing and fails while the mark cannot be read, and goes on by itself when it can', async () => {
    const { beat, state, deps } = await watching();
    const read = deps.marker.read;
    deps.marker.read = async () => {
      throw new Error('s3 is away');
    };
    for (let i = 0; i < 2; i += 1) {
      await expect(beat(30_000)).rejects.toThrow('s3 is away');
      expect(await state()).toMatchObject({ state: 'RECONCILING', reason: expect.stringContaining('s3 is away') });
    }
    deps.marker.read = read;
    await beat(30_000);
    await beat(30_000);

    expect(await state()).toMatchObject({ state: 'HEALTHY' });
  });

  it('says that a beat could not be marked, and goes on', async () => {
    const { beat, state, deps } = await watching();
    deps.marker.write = async () => {
      throw new Error('denied');
    };
    await beat(30_000);
    await beat(30_000);
    await beat(30_000);

    expect(await state()).toMatchObject({ state: 'HEALTHY' });
    expect(deps.telemetry.logs.map((l) => l.event)).toContain('system.mark-failed');
  });
});
