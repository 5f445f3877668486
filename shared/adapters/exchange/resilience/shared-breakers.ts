import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { isDue } from '#shared/core/age.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import type { BreakerRepository, BreakerRow } from '#shared/ports/repositories/breaker-repository.ts';
import { CALL_CLASSES, type CallClass } from './call-class.ts';
import { isVenueFailure } from './exchange-failure.ts';

export interface BreakerSettings {
  /** Failures in a row that open a class. */
  readonly failures: number;
  /** How long it stays open, and how far apart failures may lie to be of one row. */
  readonly openForMs: number;
  /** How old the shared rows may be before a call looks again. */
  readonly refreshMs: number;
  /** A probe that was never heard of again counts as abandoned after this. */
  readonly probeAbandonedMs: number;
}

export const BREAKER_SETTINGS: BreakerSettings = {
  failures: 5,
  openForMs: 300_000,
  refreshMs: 5_000,
  probeAbandonedMs: 60_000,
};

export interface SharedBreakersDeps {
  readonly exchange: string;
  readonly repository: BreakerRepository;
  readonly clock: Clock;
  readonly settings: BreakerSettings;
  readonly onChange: (callClass: CallClass, state: BreakerRow['state']) => Promise<void>;
  readonly onRowUnavailable: (error: unknown) => void;
}

interface Local {
  policy: CircuitBreakerPolicy;
  row: Pick<BreakerRow, 'state' | 'failures' | 'openedAtMs'>;
}

const CLOSED: Local['row'] = { state: 'closed', failures: 0, openedAtMs: null };

/**
 * One cockatiel breaker per call class, kept equal to its shared row: a failure seen by any process counts for all, and one
 * process in all probes an open one. When the rows cannot be read, each process goes on with what it has seen itself: a
 * database fault must not stop an exit.
 */
export class SharedBreakers {
  readonly #deps: SharedBreakersDeps;
  readonly #local = new Map<CallClass, Local>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(deps: SharedBreakersDeps) {
    this.#deps = deps;
    for (const callClass of CALL_CLASSES) this.#local.set(callClass, { policy: this.#policy(CLOSED), row: CLOSED });
  }

  /** Runs `call` unless the class is open: then `breaker-open`, which never reached the venue. */
  async execute<T>(callClass: CallClass, call: () => Promise<T>): Promise<T> {
    await this.#refresh();
    const local = this.#of(callClass);
    if (local.row.state !== 'closed' && !(await this.#mayProbe(callClass, local))) throw breakerOpen(callClass);
    try {
      const result = await local.policy.execute(call);
      await this.#succeeded(callClass);
      return result;
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw breakerOpen(callClass);
      if (isVenueFailure(error)) await this.#failed(callClass);
      // The venue answered, if only to refuse our request: it is well.
      else if (error instanceof ExchangeError && error.mayHaveReachedVenue) await this.#succeeded(callClass);
      throw error;
    }
  }

  /** What this process believes now, by class. */
  states(): Readonly<Record<CallClass, BreakerRow['state']>> {
    return Object.fromEntries(CALL_CLASSES.map((c) => [c, this.#of(c).row.state])) as Record<
      CallClass,
      BreakerRow['state']
    >;
  }

  async #mayProbe(callClass: CallClass, local: Local): Promise<boolean> {
    const { repository, exchange, clock, settings } = this.#deps;
    const nowMs = clock.nowMs();
    try {
      const claimed = await repository.claimProbe(
        exchange,
        callClass,
        nowMs - settings.openForMs,
        nowMs - settings.probeAbandonedMs,
        nowMs,
      );
      if (!claimed) return false;
    } catch (error) {
      this.#deps.onRowUnavailable(error);
      return isDue(local.row.openedAtMs ?? nowMs, nowMs, settings.openForMs);
    }
    // Opened long ago, as cockatiel sees it: the next call is its half-open probe.
    await this.#adopt(callClass, { ...local.row, state: 'half-open' });
    return true;
  }

  async #failed(callClass: CallClass): Promise<void> {
    const { repository, exchange, clock, settings } = this.#deps;
    const nowMs = clock.nowMs();
    try {
      const rules = { failures: settings.failures, windowMs: settings.openForMs };
      await this.#adopt(callClass, await repository.recordFailure(exchange, callClass, rules, nowMs));
    } catch (error) {
      this.#deps.onRowUnavailable(error);
      const { policy, row } = this.#of(callClass);
      const open = policy.state !== CircuitState.Closed;
      const failures = row.failures + 1;
      const next = open ? { state: 'open' as const, failures, openedAtMs: nowMs } : { ...row, failures };
      this.#local.set(callClass, { policy, row: next });
      if (open && row.state !== 'open') await this.#deps.onChange(callClass, 'open');
    }
  }

  async #succeeded(callClass: CallClass): Promise<void> {
    const { row } = this.#of(callClass);
    if (row.state === 'closed' && row.failures === 0) return;
    try {
      await this.#deps.repository.recordSuccess(this.#deps.exchange, callClass, this.#deps.clock.nowMs());
    } catch (error) {
      this.#deps.onRowUnavailable(error);
    }
    await this.#adopt(callClass, CLOSED);
  }

  #refresh(): Promise<void> {
    if (this.#reading !== null) return this.#reading;
    if (!isDue(this.#readAtMs, this.#deps.clock.nowMs(), this.#deps.settings.refreshMs)) return Promise.resolve();
    this.#reading = this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    this.#readAtMs = this.#deps.clock.nowMs();
    try {
      const rows = new Map((await this.#deps.repository.all(this.#deps.exchange)).map((row) => [row.callClass, row]));
      for (const callClass of CALL_CLASSES) await this.#adopt(callClass, rows.get(callClass) ?? CLOSED);
    } catch (error) {
      this.#deps.onRowUnavailable(error);
    }
  }

  /** Makes the local breaker equal to the row. */
  async #adopt(callClass: CallClass, row: Local['row']): Promise<void> {
    const { row: before } = this.#of(callClass);
    if (before.state === row.state && before.failures === row.failures && before.openedAtMs === row.openedAtMs) return;
    this.#local.set(callClass, { policy: this.#policy(row), row });
    if (before.state !== row.state) await this.#deps.onChange(callClass, row.state);
  }

  #policy(row: Local['row']): CircuitBreakerPolicy {
    const { failures, openForMs } = this.#deps.settings;
    const ownState =
      row.state === 'closed'
        ? { value: CircuitState.Closed }
        : // Whether the time of a probe has come is decided by the row, so cockatiel's own waiting is over already.
          { value: CircuitState.Open, openedAt: 0, attemptNo: 1 };
    return circuitBreaker(handleWhen(isVenueFailure), {
      breaker: new ConsecutiveBreaker(failures),
      halfOpenAfter: openForMs,
      initialState: { ownState, breakerState: row.failures },
    });
  }

  #of(callClass: CallClass): Local {
    return this.#local.get(callClass) as Local;
  }
}

const breakerOpen = (callClass: CallClass): ExchangeError =>
  new ExchangeError('breaker-open', `the breaker of class ${callClass} is open`, {
    retryable: true,
    mayHaveReachedVenue: false,
  });
