import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { installVirtualGlobals } from '#local/virtual-time/virtual-globals.ts';
import type { CallClass } from '#shared/adapters/exchange/resilience/call-class.ts';
import { HttpStatusError, RateLimitedError } from '#shared/adapters/exchange/resilience/exchange-failure.ts';
import {
  type ExchangeCall,
  RESILIENCE_SETTINGS,
  type ResilienceSettings,
  ResilientCaller,
} from '#shared/adapters/exchange/resilience/resilient-caller.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import { assert } from '#shared/core/assert.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import type { BreakerRepository } from '#shared/ports/repositories/breaker-repository.ts';
import { exchangeEvents, exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

const T0 = 1_700_000_000_000;
const FIVE_MINUTES = 300_000;

let clock: VirtualClock;
let restore: () => void;
beforeEach(() => {
  clock = new VirtualClock(T0);
  restore = installVirtualGlobals(clock);
});
afterEach(() => restore());

const lost = (kind: 'network' | 'timeout' | 'unavailable' = 'network') =>
  new ExchangeError(kind, 'lost', { retryable: true, mayHaveReachedVenue: true });
const notSent = () => new ExchangeError('network', 'refused', { retryable: true, mayHaveReachedVenue: false });
const refusal = () => new HttpStatusError('rejected', 422, 'no', false);

function make(
  breakers: BreakerRepository = new SqlBreakerRepository(memoryDatabase()),
  settings: Partial<ResilienceSettings> = {},
  onBreakerOpen = () => {},
) {
  const telemetry = new RecordingTelemetry();
  const raised: Parameters<Alerts['raise']>[0][] = [];
  const alerts: Alerts = { raise: async (alert) => void raised.push(alert) };
  const deps = { exchange: 'hyperliquid', clock, telemetry, alerts, breakers, onBreakerOpen };
  const caller = new ResilientCaller(deps, { ...RESILIENCE_SETTINGS, ...settings });
  return { caller, telemetry, raised, breakers };
}

const call = (
  run: () => Promise<string>,
  retry: ExchangeCall<string>['retry'] = 'never',
  callClass: CallClass = 'open',
): ExchangeCall<string> => ({ name: 'test', callClass, weight: 1, retry, run });

/** Runs a call to its end in market time; gives its result, or the error that it ended with. */
async function finish<T>(promise: Promise<T>): Promise<T | ExchangeError> {
  let ended = false;
  const caught = promise
    .catch((error: ExchangeError) => error)
    .finally(() => {
      ended = true;
    });
  for (let i = 0; i < 100 && !ended; i += 1) {
    await clock.advanceTo(clock.nextTimerAtMs() ?? clock.nowMs());
  }
  return caught;
}

describe('retries', () => {
  it('repeat a read after 1, 2 and 4 seconds, then give up', async () => {
    const { caller, telemetry } = make();
    const times: number[] = [];
    const result = await finish(
      caller.call(
        call(async () => {
          times.push(clock.nowMs() - T0);
          throw lost();
        }, 'read'),
      ),
    );
    expect(result).toMatchObject({ kind: 'network' });
    expect(times).toEqual([0, 1_000, 3_000, 7_000]);
    expect(telemetry.counts.get(exchangeMetrics.retries)).toBe(3);
  });

  it.each([
    ['an order is never repeated', 'never', notSent, 1],
    ['a cancel is repeated when nothing left', 'not-sent', notSent, 4],
    ['a cancel is not repeated when it may have arrived', 'not-sent', lost, 1],
    ['a refusal is an answer', 'read', refusal, 1],
  ] as const)('%s', async (_, retry, error, expected) => {
    const { caller } = make();
    let tries = 0;
    await finish(
      caller.call(
        call(async () => {
          tries += 1;
          throw error();
        }, retry),
      ),
    );
    expect(tries).toBe(expected);
  });

  it('wait as long as the venue asked for, and do not wait for too long a wish', async () => {
    const { caller } = make();
    const times: number[] = [];
    const limited = (retryAfterMs: number) =>
      call(
        async () => {
          times.push(clock.nowMs() - T0);
          if (times.length === 1) throw new RateLimitedError('429', retryAfterMs);
          return 'ok';
        },
        'read',
        'protect',
      );
    expect(await finish(caller.call(limited(9_000)))).toBe('ok');
    expect(times).toEqual([0, 9_000]);
    times.length = 0;
    expect(await finish(caller.call(limited(60_000)))).toMatchObject({ kind: 'rate-limited' });
  });
});

describe('breakers', () => {
  const failTimes = async (caller: ResilientCaller, n: number, callClass: CallClass = 'open') => {
    for (let i = 0; i < n; i += 1) await finish(caller.call(call(() => Promise.reject(lost()), 'never', callClass)));
  };
  const ok = () => call(async () => 'ok');

  it('open a class at the fifth failure, and no other class', async () => {
    const { caller, raised } = make();
    await failTimes(caller, 4);
    expect(await finish(caller.call(ok())), 'a success forgets them').toBe('ok');
    await failTimes(caller, 5);
    expect(await finish(caller.call(ok()))).toMatchObject({ kind: 'breaker-open', mayHaveReachedVenue: false });
    for (const callClass of ['reduce', 'protect', 'status', 'market-data'] as const) {
      expect(await finish(caller.call(call(async () => 'ok', 'never', callClass))), 'exits get out').toBe('ok');
    }
    expect(raised.map((alert) => alert.kind)).toContain('exchange-breaker-open');
  });

  it('count one failure for an operation, however often it was tried', async () => {
    const { caller, breakers } = make();
    await finish(caller.call(call(() => Promise.reject(lost()), 'read')));
    expect(await breakers.all('hyperliquid')).toMatchObject([{ failures: 1 }]);
  });

  it('do not count refusals, nor our own limits', async () => {
    const { caller, breakers } = make(undefined, { weightPerMinute: 10 });
    for (let i = 0; i < 9; i += 1) await finish(caller.call(call(() => Promise.reject(refusal()))));
    for (let i = 0; i < 9; i += 1) await finish(caller.call({ ...ok(), weight: 50 }));
    expect(await breakers.all('hyperliquid')).toEqual([]);
  });

  it('are shared: what one process saw fail stops the other, and one probe in all closes it for both', async () => {
    const rows = new SqlBreakerRepository(memoryDatabase());
    const [one, two] = [make(rows), make(rows)];
    await failTimes(one.caller, 3);
    await clock.advanceBy(5_000);
    await failTimes(two.caller, 2);
    await clock.advanceBy(5_000);
    expect(await finish(one.caller.call(ok()))).toMatchObject({ kind: 'breaker-open' });
    await clock.advanceBy(FIVE_MINUTES);
    let probes = 0;
    const probe = () =>
      call(async () => {
        probes += 1;
        await clock.sleep(100);
        return 'ok';
      });
    const both = Promise.all([
      one.caller.call(probe()).catch((error: ExchangeError) => error.kind),
      two.caller.call(probe()).catch((error: ExchangeError) => error.kind),
    ]);
    expect(await finish(both)).toEqual(['ok', 'breaker-open']);
    expect(probes).toBe(1);
    await clock.advanceBy(5_000);
    expect(await finish(two.caller.call(ok()))).toBe('ok');
  });

  const EXITS = ['reduce', 'protect'] as const;
  const failed = () => new HttpStatusError('unavailable', 503, 'away', true);
  const failEach = async (
    caller: ResilientCaller,
    errors: readonly Error[],
    callClass: CallClass,
    operation?: string,
  ) => {
    for (const error of errors) {
      const one = call(() => Promise.reject(error), 'never', callClass);
      await finish(caller.call(operation === undefined ? one : { ...one, operation }));
    }
  };

  it.each(EXITS)('do not take lost answers of class %s for a refusal of service', async (callClass) => {
    const { caller, breakers } = make();
    for (const kind of ['network', 'timeout'] as const) {
      await failEach(
        caller,
        Array.from({ length: 9 }, () => lost(kind)),
        callClass,
      );
    }
    expect(await breakers.all('hyperliquid')).toEqual([]);
    expect(await finish(caller.call(call(async () => 'ok', 'never', callClass)))).toBe('ok');
  });

  it.each([...EXITS, 'status'] as const)('of class %s let a probe through every five seconds', async (callClass) => {
    const { caller } = make();
    await failEach(caller, Array.from({ length: 5 }, failed), callClass);
    const tried: number[] = [];
    const openedAtMs = clock.nowMs();
    for (let second = 0; second < 20; second += 1) {
      const probe = call(
        async () => {
          tried.push(clock.nowMs() - openedAtMs);
          if (tried.length < 3) throw callClass === 'reduce' ? lost() : failed();
          return 'ok';
        },
        'never',
        callClass,
      );
      await finish(caller.call(probe));
      await clock.advanceBy(1_000);
      if (tried.length === 3) break;
    }
    expect(tried).toEqual([5_000, 10_000, 15_000]);
    expect(await finish(caller.call(call(async () => 'ok', 'never', callClass)))).toBe('ok');
  });

  it('of exits give the probe away again soon, when nobody hears of it', async () => {
    const rows = new SqlBreakerRepository(memoryDatabase());
    const [one, two] = [make(rows), make(rows)];
    await failEach(one.caller, Array.from({ length: 5 }, failed), 'reduce');
    await clock.advanceBy(5_000);
    void one.caller.call(call(() => new Promise<string>(() => {}), 'never', 'reduce'));
    await clock.advanceBy(14_000);
    expect(await finish(two.caller.call(call(async () => 'ok', 'never', 'reduce')))).toMatchObject({
      kind: 'breaker-open',
    });
    await clock.advanceBy(1_000);
    expect(await finish(two.caller.call(call(async () => 'ok', 'never', 'reduce')))).toBe('ok');
  });

  it('count one operation once, however many symbols it touches', async () => {
    const { caller, breakers } = make();
    await failEach(caller, Array.from({ length: 7 }, failed), 'reduce', 'cycle-1');
    await failEach(caller, Array.from({ length: 7 }, failed), 'reduce', 'cycle-2');
    expect(await breakers.all('hyperliquid')).toMatchObject([{ callClass: 'reduce', state: 'closed', failures: 2 }]);
    await failEach(caller, Array.from({ length: 3 }, failed), 'reduce');
    expect(await breakers.all('hyperliquid')).toMatchObject([{ state: 'open' }]);
  });

  it('count a 429 that names no time, open, and ask for another way', async () => {
    let rotations = 0;
    const { caller, raised } = make(undefined, {}, () => {
      rotations += 1;
    });
    const limited = () => call(() => Promise.reject(new RateLimitedError('HTTP 429', null)), 'read', 'status');
    for (let i = 0; i < 5; i += 1) {
      expect(await finish(caller.call(limited()))).toBeInstanceOf(RateLimitedError);
      await clock.advanceBy(10_000);
    }
    expect(await finish(caller.call(limited()))).toMatchObject({ kind: 'rate-limited' });
    expect(caller.breakers.states().status).toBe('open');
    expect(rotations).toBeGreaterThan(0);
    expect(raised.map((alert) => alert.kind)).toContain('exchange-breaker-status');
  });

  it('count what the venue did, not our own limit that was met on the way to the next attempt', async () => {
    const { caller, breakers } = make(undefined, { weightPerMinute: 2 });
    const result = await finish(caller.call({ ...call(() => Promise.reject(failed()), 'read', 'status'), weight: 1 }));
    expect(result).toMatchObject({ kind: 'unavailable' });
    expect(await breakers.all('hyperliquid')).toMatchObject([{ callClass: 'status', failures: 1 }]);
  });

  it.each([
    ['a TypeError', () => (null as unknown as { x: string }).x],
    ['a RangeError', () => 'x'.repeat(-1)],
    ['a broken assertion', () => assert(false, 'must not be')],
  ])('take %s of our own for a bug: not tried again, no failure of the venue, no network alert', async (_, fault) => {
    const { caller, telemetry, raised, breakers } = make();
    let tries = 0;
    const broken = (retry: ExchangeCall<string>['retry']) =>
      call(async () => {
        tries += 1;
        return String(fault());
      }, retry);
    for (const retry of ['read', 'not-sent', 'never'] as const) {
      for (let i = 0; i < 5; i += 1) {
        expect(await finish(caller.call(broken(retry)))).toMatchObject({ kind: 'bug', mayHaveReachedVenue: true });
      }
    }
    expect([tries, await breakers.all('hyperliquid'), raised]).toEqual([15, [], []]);
    expect(telemetry.counts.get(exchangeMetrics.errors) ?? 0).toBe(0);
    expect(telemetry.logs.filter((log) => log.event === exchangeEvents.bug).length).toBe(15);
  });

  it('are not closed by a bug while they probe', async () => {
    const { caller } = make();
    await failTimes(caller, 5);
    await clock.advanceBy(FIVE_MINUTES);
    await finish(caller.call(call(() => Promise.reject(new TypeError('x is not a function')))));
    expect(await finish(caller.call(ok()))).toMatchObject({ kind: 'breaker-open' });
  });

  it('stay open for another five minutes when the probe fails', async () => {
    const { caller } = make();
    await failTimes(caller, 5);
    await clock.advanceBy(FIVE_MINUTES);
    await failTimes(caller, 1);
    await clock.advanceBy(FIVE_MINUTES - 1);
    expect(await finish(caller.call(ok()))).toMatchObject({ kind: 'breaker-open' });
    await clock.advanceBy(1);
    expect(await finish(caller.call(ok()))).toBe('ok');
  });

  it('go on by themselves when the shared rows cannot be read or written', async () => {
    const down = async () => {
      throw new Error('database is away');
    };
    const broken = { all: down, recordFailure: down, recordSuccess: down, claimProbe: down };
    const { caller, telemetry } = make(broken);
    expect(await finish(caller.call(ok()))).toBe('ok');
    await failTimes(caller, 5);
    expect(await finish(caller.call(ok()))).toMatchObject({ kind: 'breaker-open' });
    expect(await finish(caller.call(call(async () => 'ok', 'never', 'reduce')))).toBe('ok');
    await clock.advanceBy(FIVE_MINUTES);
    expect(await finish(caller.call(ok()))).toBe('ok');
    expect(telemetry.logs.some((log) => log.event === exchangeEvents.breakerRowUnavailable)).toBe(true);
  });
});

describe('alerts', () => {
  it.each([
    ['timeout', 3],
    ['network', 2],
    ['unavailable', 5],
  ] as const)('are raised at the threshold of %s errors (%i), once in five minutes', async (kind, threshold) => {
    const { caller, raised } = make(undefined, { breaker: { ...RESILIENCE_SETTINGS.breaker, failures: 1_000 } });
    const fail = () => finish(caller.call(call(() => Promise.reject(lost(kind)))));
    for (let i = 1; i < threshold; i += 1) await fail();
    expect(raised).toEqual([]);
    await fail();
    expect(raised.length).toBe(1);
    await fail();
    expect(raised.length, 'cool-down').toBe(1);
    await clock.advanceBy(FIVE_MINUTES - 1);
    await fail();
    expect(raised.length).toBe(1);
    await clock.advanceBy(1);
    for (let i = 0; i < threshold; i += 1) await fail();
    expect(raised.length).toBe(2);
  });

  it('do not add up errors that lie further apart than five minutes', async () => {
    const { caller, raised } = make(undefined, { breaker: { ...RESILIENCE_SETTINGS.breaker, failures: 1_000 } });
    for (let i = 0; i < 9; i += 1) {
      await finish(caller.call(call(() => Promise.reject(lost('timeout')))));
      await clock.advanceBy(FIVE_MINUTES / 2 + 1);
    }
    expect(raised).toEqual([]);
  });
});

describe('rate budget of a call', () => {
  it('makes a read wait for its share and refuses a write at once', async () => {
    const { caller } = make(undefined, { weightPerMinute: 100, budgetWaitMaxMs: 60_000 });
    const heavy = (callClass: CallClass, retry: ExchangeCall<string>['retry']) =>
      ({ ...call(async () => 'ok', retry, callClass), weight: 60 }) as const;
    expect(await finish(caller.call(heavy('market-data', 'read')))).toBe('ok');
    expect(await finish(caller.call(heavy('open', 'never')))).toMatchObject({
      kind: 'rate-limited',
      mayHaveReachedVenue: false,
    });
    expect(await finish(caller.call(heavy('reduce', 'never'))), 'an exit is never refused').toBe('ok');
    const before = clock.nowMs();
    expect(await finish(caller.call(heavy('market-data', 'read')))).toBe('ok');
    expect(clock.nowMs() - before).toBe(60_000);
  });
});
