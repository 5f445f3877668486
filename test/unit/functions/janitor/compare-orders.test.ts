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

describe('janitor that compares the orders that the venue remembers', () => {
  const idOf = (tag: string, n: number) => `0x${tag}${String(n).padStart(24, '0')}` as const;
  /** An installation that was at work and is started again; a test says in between what the venue remembers. */
  async function stopped() {
    const { deps, world, clock, state } = systemUnderTest();
    const handler = createHandler(deps, env);
    const tick = async (event: unknown) => {
      clock.set(clock.nowMs() + 1_000);
      world.account = anAccountState(clock.nowMs());
      return (await handler(event)).reconciling;
    };
    const see = () => world.documents.set('a', anObserverDocument('a', clock.nowMs() + 1_000));
    await tick(START);
    see();
    expect((await tick(TICK)).kind).toBe('finished');
    const tag = (await deps.installation.tag())!;
    return { deps, world, state, tick, see, tag };
  }

  it('goes on when each of ours has a row, and does not ask about those of others', async () => {
    const { tick, see, state, world, tag } = await stopped();
    world.recentOrders = [
      { clientOrderId: idOf(tag, 1), venueTimeMs: 1 },
      { clientOrderId: idOf('12345678', 2), venueTimeMs: 2 },
    ];
    world.known.add(idOf(tag, 1));
    expect((await tick(START)).kind).toBe('waiting');
    see();
    await tick(TICK);
    expect(await state()).toMatchObject({ state: 'HEALTHY' });
  });

  it('locks a database that lacks one of ours, names the newest, and is unlocked under a tag of its own', async () => {
    const { tick, see, state, world, tag, deps } = await stopped();
    world.recentOrders = [1, 3, 2].map((n) => ({ clientOrderId: idOf(tag, n), venueTimeMs: n * 1_000 }));
    world.known.add(idOf(tag, 1));
    expect((await tick(START)).kind).toBe('restored');
    const reason = expect.stringContaining(`${idOf(tag, 3)}, 1970-01-01T00:00:03.000Z`);
    expect(await state()).toMatchObject({ state: 'LOCKED', lockMode: 'freeze', reason });
    expect(await deps.alerts.raised()).toMatchObject([
      { kind: 'database-restored', severity: 'critical', message: reason },
    ]);
    await deps.control.change({ kind: 'unlock', exchange: 'hyperliquid', by: 'cli:ada', reason: 'compared', atMs: 1 });
    see();
    await tick(TICK);
    expect(await state(), 'a human has accepted it').toMatchObject({ state: 'HEALTHY' });
    expect(await deps.installation.tag()).not.toBe(tag);
  });

  it('waits while the venue cannot be asked, and asks once in each RECONCILING', async () => {
    const { tick, see, state, deps } = await stopped();
    let asked = 0;
    deps.reader.fetchRecentOrders = async () => {
      asked += 1;
      if (asked === 1) throw timeout();
      return [];
    };
    const codes = async (event: unknown) => {
      const waiting = await tick(event);
      return waiting.kind === 'waiting' ? waiting.missing.map(({ code }) => code) : waiting.kind;
    };
    expect(await codes(START)).toEqual(['own-snapshot-missing', 'observers-missing', 'own-orders-unread']);
    for (let i = 0; i < 3; i += 1) expect(await codes(TICK)).toEqual(['observers-missing']);
    see();
    expect([await codes(TICK), asked, (await state())?.state]).toEqual(['finished', 2, 'HEALTHY']);
  });
});
