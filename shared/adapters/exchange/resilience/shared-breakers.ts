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
import { isLostAnswer, isVenueAnswer, isVenueFailure } from './exchange-failure.ts';

export interface BreakerSettings {
  /** Failures in a row that open a class. */
  readonly failures: number;
  /** How long it stays open, and how far apart failures may lie to be of one row. */
  readonly openForMs: number;
  /** How long it stays open at most for what exits need: each of them is a chance to find the venue well again. */
  readonly exitOpenForMsMax: number;
  /** How old the shared rows may be before a call looks again. */
  readonly refreshMs: number;
  /** A probe that was never heard of again counts as abandoned after this. */
  readonly probeAbandonedMs: number;
  /** The same where exits wait for the probe: a little longer than a call may take. */
  readonly exitProbeAbandonedMsMax: number;
}

export const BREAKER_SETTINGS: BreakerSettings = {
  failures: 5,
  openForMs: 300_000,
  exitOpenForMsMax: 5_000,
  refreshMs: 5_000,
  probeAbandonedMs: 60_000,
  exitProbeAbandonedMsMax: 15_000,
};

export interface SharedBreakersDeps {
  readonly exchange: string;
  readonly repository: BreakerRepository;
  readonly clock: Clock;
  readonly settings: BreakerSettings;
  readonly onChange: (callClass: CallClass, state: BreakerRow['state']) => Promise<void>;
  readonly onRowUnavailable: (error: unknown) => void;
}

/** Exits and cancels, and the reads that say where a position stands and what became of an exit. */
const OF_EXITS: ReadonlySet<CallClass> = new Set(['reduce', 'protect', 'status']);
/** What writes at the venue to leave: a lost answer there is looked for, and is no refusal of service. */
const EXIT_WRITES: ReadonlySet<CallClass> = new Set(['reduce', 'protect']);

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
  /** The operation that failed last, by class. */
  readonly #failedOperation = new Map<CallClass, string>();
  readonly #uncounted = new WeakSet<ExchangeError>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(deps: SharedBreakersDeps) {
    this.#deps = deps;
    for (const callClass of CALL_CLASSES) this.#local.set(callClass, { policy: this.#policy(CLOSED), row: CLOSED });
  }

  /**
   * Runs `call` unless the class is open: then `breaker-open`, which never reached the venue. Failures of one `operation`, such as the
   * exits of one cycle, count once.
   */
  async execute<T>(callClass: CallClass, call: () => Promise<T>, operation: string | null = null): Promise<T> {
    await this.#refresh();
    const local = this.#of(callClass);
    if (local.row.state !== 'closed' && !(await this.#mayProbe(callClass, local))) throw breakerOpen(callClass);
    try {
      const result = await local.policy.execute(() =>
        call().catch((error) => this.#judge(callClass, error, operation)),
      );
      this.#failedOperation.delete(callClass);
      await this.#succeeded(callClass);
      return result;
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw breakerOpen(callClass);
      if (this.#counts(error)) await this.#failed(callClass);
      // The venue answered: it is well.
      else if (isVenueAnswer(error)) await this.#succeeded(callClass);
      throw error;
    }
  }

  /** Remembers a failure that does not count, and throws it on. A probe's always counts: somebody waits for its outcome. */
  #judge(callClass: CallClass, error: unknown, operation: string | null): never {
    const isProbe = this.#of(callClass).row.state === 'half-open';
    if (isVenueFailure(error) && !isProbe) {
      const isRepeat = operation !== null && this.#failedOperation.get(callClass) === operation;
      if (isRepeat || (EXIT_WRITES.has(callClass) && isLostAnswer(error))) this.#uncounted.add(error as ExchangeError);
      else if (operation !== null) this.#failedOperation.set(callClass, operation);
    }
    throw error;
  }

  readonly #counts = (error: unknown): boolean => isVenueFailure(error) && !this.#uncounted.has(error as ExchangeError);

  /** What this process believes now, by class. */
  states(): Readonly<Record<CallClass, BreakerRow['state']>> {
    return Object.fromEntries(CALL_CLASSES.map((c) => [c, this.#of(c).row.state])) as Record<
      CallClass,
      BreakerRow['state']
    >;
  }

  async #mayProbe(callClass: CallClass, local: Local): Promise<boolean> {
    const { repository, exchange, clock } = this.#deps;
    const nowMs = clock.nowMs();
    try {
      const claimed = await repository.claimProbe(
        exchange,
        callClass,
        nowMs - this.#openForMs(callClass),
        nowMs - this.#abandonedMs(callClass),
        nowMs,
      );
      if (!claimed) return false;
    } catch (error) {
      this.#deps.onRowUnavailable(error);
      return isDue(local.row.openedAtMs ?? nowMs, nowMs, this.#openForMs(callClass));
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
    return circuitBreaker(handleWhen(this.#counts), {
      breaker: new ConsecutiveBreaker(failures),
      halfOpenAfter: openForMs,
      initialState: { ownState, breakerState: row.failures },
    });
  }

  #openForMs(callClass: CallClass): number {
    const { openForMs, exitOpenForMsMax } = this.#deps.settings;
    return OF_EXITS.has(callClass) ? Math.min(openForMs, exitOpenForMsMax) : openForMs;
  }

  #abandonedMs(callClass: CallClass): number {
    const { probeAbandonedMs, exitProbeAbandonedMsMax } = this.#deps.settings;
    return OF_EXITS.has(callClass) ? Math.min(probeAbandonedMs, exitProbeAbandonedMsMax) : probeAbandonedMs;
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
