import { describe, expect, it } from 'vitest';
import { readDecisionInputs } from '#shared/core/reconciliation/decision-inputs.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, slotOf } from '#shared/core/time.ts';
import { type SimulatedPlatform, simulatedPlatform } from '#test/support/simulated-platform.ts';

const TOLERANCE_MS = 5_000;

/** A platform on a machine whose clock the test sets; the venue's is right. */
async function onMachine(act: (world: SimulatedPlatform, machine: { leadMs: number }) => Promise<void>): Promise<void> {
  const machine = { leadMs: 0 };
  const world = await simulatedPlatform({ seed: 3, leadMs: () => machine.leadMs });
  try {
    await world.start();
    await world.clock.advanceBy(3 * MINUTE_MS);
    expect(await stateOf(world)).toBe('HEALTHY');
    await act(world, machine);
  } finally {
    await world.close();
  }
}

const stateOf = async ({ platform }: SimulatedPlatform) =>
  (await platform().repositories.systemState.read('hyperliquid'))?.state;

const toNextMinute = ({ clock }: SimulatedPlatform, beforeMs: number) =>
  clock.advanceTo(slotOf(clock.nowMs(), MINUTE_MS) + MINUTE_MS - beforeMs);

const alertsOf = async ({ db }: SimulatedPlatform) =>
  (await db.selectFrom('alerts').select('kind').execute()).map((a) => a.kind);

/** Every stored time that something is judged or waited for by. */
async function newestTimes({ db }: SimulatedPlatform): Promise<Record<string, number>> {
  const { rows } = await db.executeQuery<Record<string, number>>({
    sql: `select (select max(mark_time_ms) from latest_prices) as marks, (select max(venue_time_ms) from latest_prices) as prices,
      (select max(queued_at_ms) from fetch_state) as queued, (select max(last_final_open_ms) from fetch_state) as bars,
      (select max(last_slot_ms) from exchange_jobs) as slots, (select max(last_ok_ms) from exchange_jobs) as beats,
      (select max(venue_time_ms) from account_snapshots) as account, (select max(last_venue_time_ms) from take_profit_state) as take_profit,
      (select max(settled_at_ms) from position_epochs) as settled, (select max(changed_at_ms) from system_state) as state,
      (select max(json_extract(detail_json, '$.openOrdersAtMs')) from exchange_jobs) as open_orders`,
    parameters: [],
    query: { kind: 'RawNode' } as never,
    queryId: {} as never,
  });
  return rows[0]!;
}

describe('a machine with a wrong clock', () => {
  it.each([
    ['a day', DAY_MS],
    ['an hour', HOUR_MS],
  ])(
    'stores nothing for long that a clock %s ahead wrote within 15 s',
    async (_, leadMs) => {
      await onMachine(async (world, machine) => {
        const { clock } = world;
        await toNextMinute(world, 2 * SECOND_MS);
        machine.leadMs = leadMs;
        const future = new Set<string>();
        for (let second = 0; second < 15; second += 1) {
          await clock.advanceBy(SECOND_MS);
          for (const [what, atMs] of Object.entries(await newestTimes(world)))
            if (atMs > clock.nowMs() + leadMs / 2) future.add(what);
        }
        expect([...future], 'it wrote them').toEqual(
          expect.arrayContaining(['marks', 'beats', 'open_orders', 'state']),
        );
        machine.leadMs = 0;

        await clock.advanceBy(2.5 * MINUTE_MS);

        for (const [what, newestMs] of Object.entries(await newestTimes(world))) {
          expect(newestMs, what).toBeLessThanOrEqual(clock.nowMs() + TOLERANCE_MS);
        }
        const { rows } = await world.db
          .selectFrom('latest_prices')
          .select((eb) => eb.fn.min('mark_time_ms').as('oldest'))
          .executeTakeFirstOrThrow()
          .then((row) => ({ rows: row }));
        expect(Number(rows.oldest), 'marks refresh').toBeGreaterThan(clock.nowMs() - 70 * SECOND_MS);
        const bars = await world.db.selectFrom('fetch_state').selectAll().where('timeframe', '=', '1m').execute();
        for (const bar of bars) {
          expect(bar.last_final_open_ms, 'candles are asked for').toBeGreaterThan(clock.nowMs() - 4 * MINUTE_MS);
        }
        expect(await stateOf(world)).toBe('HEALTHY');
        expect(await alertsOf(world)).toEqual(expect.arrayContaining(['future-times']));
      });
    },
    120_000,
  );

  it('goes by the venue’s time while its own is an hour ahead, and says so', async () => {
    await onMachine(async (world, machine) => {
      const { clock } = world;
      machine.leadMs = HOUR_MS;

      await clock.advanceBy(3 * MINUTE_MS);

      expect(Math.abs(world.platform().env.clock.nowMs() - clock.nowMs())).toBeLessThan(TOLERANCE_MS);
      expect(await stateOf(world)).toBe('HEALTHY');
      expect(await alertsOf(world)).toContain('clock-wrong');
      machine.leadMs = 0;
      await clock.advanceBy(3 * MINUTE_MS);
      expect(world.platform().env.clock.correctionMs).toBe(0);
      expect(await stateOf(world)).toBe('HEALTHY');
    });
  }, 120_000);

  it('trades on while its own is a minute behind: everything true looks like the future to it', async () => {
    await onMachine(async (world, machine) => {
      const { clock } = world;
      machine.leadMs = -MINUTE_MS;

      await clock.advanceBy(3 * MINUTE_MS);

      expect(await stateOf(world)).toBe('HEALTHY');
      const snapshot = await world.db.selectFrom('account_snapshots').select('venue_time_ms').executeTakeFirstOrThrow();
      expect(snapshot.venue_time_ms).toBeGreaterThan(clock.nowMs() - 40 * SECOND_MS);
    });
  }, 120_000);

  it('takes no price from the future for a fresh one while the feed is dead', async () => {
    await onMachine(async (world, machine) => {
      const { clock, simulator } = world;
      await toNextMinute(world, 2 * SECOND_MS);
      machine.leadMs = HOUR_MS;
      const deadFromMs = clock.nowMs();
      simulator.installFaults([{ id: 'dead', kind: 'ws-mute', fromMs: deadFromMs, toMs: deadFromMs + 10 * MINUTE_MS }]);
      await clock.advanceBy(15 * SECOND_MS);
      machine.leadMs = 0;

      await clock.advanceBy(4 * MINUTE_MS);

      const decided = await world.db
        .selectFrom('decisions')
        .select(['symbol', 'code', 'inputs_json'])
        .where('last_at_ms', '>', deadFromMs)
        .execute();
      const prices = decided.flatMap((row) => readDecisionInputs(JSON.parse(row.inputs_json)).price ?? []);
      expect(prices.length, 'something was decided').toBeGreaterThan(0);
      for (const { fresh, ageMs } of prices) if (fresh) expect(ageMs).toBeGreaterThanOrEqual(-TOLERANCE_MS);
    });
  }, 120_000);
});
