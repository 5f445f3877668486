import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { functionEnvironments } from '#config/function-environments.ts';
import { apiEnvSchema } from '#functions/api/env.ts';
import { readStatus } from '#functions/api/read-status.ts';
import type { Fault } from '#local/exchange-simulator/faults/fault-script.ts';
import { positionOf } from '#local/exchange-simulator/venue/world.ts';
import { createApi } from '#local/platform/api.ts';
import type { ReadyCheck } from '#shared/messages/platform-snapshot.ts';
import { anotherExchange, type SimulatedPlatform, simulatedPlatform } from '#test/support/simulated-platform.ts';

const MINUTE = 60_000;
const [GOOD, BROKEN] = ['hyperliquid', 'second'] as const;
/** The runs' own staleness is the longest of the ages by which something becomes unknown. */
const UNTIL_UNKNOWN_MS = 11 * MINUTE;
const OBSERVED_MS = 9 * MINUTE;

/** Two exchanges of one venue, each with an account `main` of the same address, the same key and the same symbols. */
describe('two exchanges on one platform', () => {
  let world: SimulatedPlatform;
  beforeEach(async () => {
    const others = { [BROKEN]: { seed: 99 } };
    // Every run that lives at the breaking has ended when it is looked at: only a living supervisor may say that none is wanted.
    const runs = ['providence.min_duration_s=300', 'providence.max_duration_s=600'];
    world = await simulatedPlatform({ seed: 5, overrides: [...anotherExchange(BROKEN), ...runs], others });
    await world.start();
    await world.clock.advanceBy(10 * MINUTE);
  });
  afterEach(() => world.close());

  const ordersSince = (exchange: string, sinceMs: number) =>
    world.db
      .selectFrom('order_execution_log')
      .select(['exchange', 'symbol', 'side', 'size', 'status', 'order_class'])
      .where('exchange', '=', exchange)
      .where('created_at_ms', '>=', sinceMs)
      .execute();
  const verdictsSince = async (exchange: string, sinceMs: number) => {
    const rows = await world.db
      .selectFrom('decisions')
      .select(['kind', 'code'])
      .where('exchange', '=', exchange)
      .where('last_at_ms', '>=', sinceMs)
      .execute();
    return [...new Set(rows.map(({ kind, code }) => `${kind} ${code}`))].sort();
  };
  const held = (exchange: string) => {
    const { world: venue } = world.simulators[exchange]!;
    const { address } = world.config.exchanges[exchange]!.accounts[0]!;
    return Object.fromEntries(
      venue.markets.flatMap((market) => {
        const { size } = positionOf(venue.accounts.get(address)!, market);
        return size.isZero() ? [] : [[market.spec.coin, size.toFixed()]];
      }),
    );
  };
  const statusOf = async (exchange: string) => {
    const { env, repositories } = world.platform();
    const { readModel } = repositories;
    return readStatus({ clock: env.clock, readModel }, apiEnvSchema.parse(functionEnvironments(env, exchange).api));
  };
  /** What the other one says and does while this happens to one exchange, and what that one holds and sends. */
  async function after(breaking: () => void) {
    breaking();
    await world.clock.advanceBy(UNTIL_UNKNOWN_MS);
    const sinceMs = world.clock.nowMs();
    const before = held(BROKEN);
    await world.clock.advanceBy(OBSERVED_MS);
    return { sinceMs, before };
  }
  const fault = (rest: Partial<Fault>) => () =>
    world.simulators[BROKEN]!.installFaults([{ id: 'broken', ...rest } as Fault]);

  const killings: [what: string, breaking: () => void, verdicts: RegExp, unready: string][] = [
    [
      'supervisor',
      () => {
        const { invoker } = world.platform().plumbing;
        invoker.register(`run-supervisor-${BROKEN}`, () => Promise.reject(new Error('it is dead')), MINUTE);
      },
      /^refusal strategy-stale$/,
      'heartbeats',
    ],
    ['prices', fault({ kind: 'ws-mute' }), /^refusal (strategy-stale|price-stale)$/, 'feed'],
    ['REST', fault({ kind: 'http-5xx' }), /^refusal (no-quorum|order-in-flight)$/, 'account'],
  ];

  it.each(killings)('goes on at one when the other loses its %s', async (_, breaking, verdicts, unready) => {
    const { sinceMs, before } = await after(breaking);

    // Nothing is opened and nothing closed of what is not known, although nobody is there who wants it.
    expect(Object.keys(before).length).toBeGreaterThan(0);
    expect(held(BROKEN)).toEqual(before);
    expect(await ordersSince(BROKEN, sinceMs)).toEqual([]);
    const said = await verdictsSince(BROKEN, sinceMs);
    expect(said.length).toBeGreaterThan(0);
    expect(said.filter((verdict) => !verdicts.test(verdict))).toEqual([]);
    const { readiness } = await statusOf(BROKEN);
    expect(readiness?.checks.filter(({ ok }) => !ok).map(({ check }) => check)).toContain(unready);

    expect((await ordersSince(GOOD, sinceMs)).length).toBeGreaterThan(2);
    expect((await statusOf(GOOD)).readiness).toMatchObject({ ready: true });
    const app = createApi(world.platform(), { token: 't', allowedHosts: () => ['here'], processMetrics: null });
    const ready = await app.request('/ready', { headers: { host: 'here' } });
    expect(ready.status).toBe(503);
    const ask = (path: string, init = {}) =>
      app.request(path, { headers: { host: 'here', 'x-3t-token': 't', 'content-type': 'application/json' }, ...init });
    expect(await (await ask(`/api/status?exchange=${BROKEN}`)).json()).toMatchObject({ exchange: BROKEN });
    expect(await (await ask('/api/status')).json()).toMatchObject({ exchange: GOOD });
    expect((await ask('/api/status?exchange=third')).status).toBe(404);
    expect(await (await ask('/api/lock', { method: 'POST' })).json()).toMatchObject({
      error: { code: 'exchange-needed' },
    });
    const { checks } = (await ready.json()) as { checks: ReadyCheck[] };
    const problems = checks.flatMap(({ ok, problem }) => (ok || problem === null ? [] : problem.split('; ')));
    expect(problems.join('; ')).toMatch(new RegExp(`^${BROKEN}: `));
    expect(problems.join('; ')).not.toContain(`${GOOD}: `);
    const alerts = await world.db.selectFrom('alerts').select('id').where('exchange', '=', GOOD).execute();
    expect(alerts).toEqual([]);
    // Requests to the broken one may die; none of them went to the other.
    const dead = await world.db.selectFrom('dead_letters').select('payload').execute();
    expect(dead.filter(({ payload }) => !payload.includes(`"exchange":"${BROKEN}"`))).toEqual([]);
  });
});
