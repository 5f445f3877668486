import { DelegateBackoff, handleWhen, type IRetryBackoffContext, retry } from 'cockatiel';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import type { BreakerRepository } from '#shared/ports/repositories/breaker-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { exchangeEvents, exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { CALL_CLASSES, type CallClass } from './call-class.ts';
import {
  BudgetExhaustedError,
  classifyFailure,
  errorClassOf,
  HttpStatusError,
  isVenueFailure,
  RateLimitedError,
} from './exchange-failure.ts';
import { ALERT_THRESHOLDS, NetworkMonitor } from './network-monitor.ts';
import { RateBudget } from './rate-budget.ts';
import { BREAKER_SETTINGS, type BreakerSettings, SharedBreakers } from './shared-breakers.ts';

/** `read`: again after any passing fault. `not-sent`: only when it is certain that nothing left. `never`: one attempt. */
export type RetryRule = 'read' | 'not-sent' | 'never';

export interface ExchangeCall<T> {
  /** Name in metrics and errors: `account`, `order`. */
  readonly name: string;
  readonly callClass: CallClass;
  /** Weight in the venue's rate limit. */
  readonly weight: number;
  readonly retry: RetryRule;
  readonly run: () => Promise<T>;
  /** What this call is a part of, such as a cycle's orders; the failures of one operation count once. Absent: the call alone. */
  readonly operation?: string;
  /** Weight that the venue adds for the length of its reply. */
  readonly replyWeight?: (reply: T) => number;
}

export interface ResilienceSettings {
  readonly weightPerMinute: number;
  readonly retryWaitsMs: readonly number[];
  /** A read waits at most this long for its share of the rate budget. */
  readonly budgetWaitMaxMs: number;
  /** A longer Retry-After is not waited for. */
  readonly retryAfterMaxMs: number;
  readonly breaker: BreakerSettings;
}

export const RESILIENCE_SETTINGS: ResilienceSettings = {
  weightPerMinute: 1200,
  retryWaitsMs: [1000, 2000, 4000],
  budgetWaitMaxMs: 5_000,
  retryAfterMaxMs: 30_000,
  breaker: BREAKER_SETTINGS,
};

export interface ResilienceDeps {
  readonly exchange: string;
  /** Names of the calls that will be made. */
  readonly calls?: readonly string[];
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly alerts: Alerts;
  readonly breakers: BreakerRepository;
  /** Told when any class opens: time to try another way there. */
  readonly onBreakerOpen?: () => void;
}

const REFUSED_DEFAULT_MS = 10_000;

/**
 * Every call to an exchange: breaker of its class ( retries ( rate budget ( the call ))). Retries lie inside the breaker, so
 * one operation counts as one failure however often it was tried.
 */
export class ResilientCaller {
  readonly budget: RateBudget;
  readonly breakers: SharedBreakers;
  readonly #deps: ResilienceDeps;
  readonly #settings: ResilienceSettings;
  readonly #monitor: NetworkMonitor;

  constructor(deps: ResilienceDeps, settings: ResilienceSettings = RESILIENCE_SETTINGS) {
    this.#deps = deps;
    this.#settings = settings;
    this.budget = new RateBudget(deps.clock, settings.weightPerMinute);
    this.#monitor = new NetworkMonitor(deps);
    countersAtZero(deps);
    this.breakers = new SharedBreakers({
      exchange: deps.exchange,
      repository: deps.breakers,
      clock: deps.clock,
      settings: settings.breaker,
      onChange: (callClass, state) => this.#breakerChanged(callClass, state),
      onRowUnavailable: (error) =>
        deps.telemetry.log('warn', exchangeEvents.breakerRowUnavailable, {
          exchange: deps.exchange,
          error: String(error).slice(0, 300),
        }),
    });
  }

  /** Resolves with the reply, or throws `ExchangeError`. */
  call<T>(call: ExchangeCall<T>): Promise<T> {
    const run = () => (call.retry === 'never' ? this.#attempt(call) : this.#retrying(call));
    return this.breakers.execute(call.callClass, run, call.operation ?? null);
  }

  #retrying<T>(call: ExchangeCall<T>): Promise<T> {
    const { retryWaitsMs } = this.#settings;
    const waits = new DelegateBackoff<IRetryBackoffContext<unknown>>(({ attempt, result }) => {
      const base = retryWaitsMs[attempt - 1] ?? 0;
      const error = 'error' in result ? result.error : null;
      return Math.max(base, error instanceof RateLimitedError ? (error.retryAfterMs ?? 0) : 0);
    });
    let atVenue: unknown = null;
    let isSpent = false;
    const policy = retry(
      handleWhen((error) => !isSpent && this.#mayRetry(call.retry, error)),
      { maxAttempts: retryWaitsMs.length, backoff: waits },
    );
    policy.onRetry(({ attempt }) =>
      this.#deps.telemetry.count(exchangeMetrics.retries, 1, {
        exchange: this.#deps.exchange,
        call: call.name,
        attempt: String(attempt),
      }),
    );
    return policy.execute(async () => {
      try {
        return await this.#attempt(call);
      } catch (error) {
        // Our own limit, met on the way to another attempt, does not hide what the venue did to the one before.
        isSpent = error instanceof BudgetExhaustedError;
        if (isSpent && atVenue !== null) throw atVenue;
        if (isVenueFailure(error)) atVenue = error;
        throw error;
      }
    });
  }

  #mayRetry(rule: RetryRule, error: unknown): boolean {
    if (!(error instanceof ExchangeError) || !error.retryable || error instanceof BudgetExhaustedError) return false;
    if (rule === 'not-sent') return !error.mayHaveReachedVenue;
    // Without a wish of the venue's own, everything but exits keeps quiet for longer than a call may wait.
    if (error instanceof RateLimitedError) {
      return error.retryAfterMs !== null && error.retryAfterMs <= this.#settings.retryAfterMaxMs;
    }
    return true;
  }

  async #attempt<T>(call: ExchangeCall<T>): Promise<T> {
    await this.#takeBudget(call);
    const { clock, telemetry, exchange } = this.#deps;
    const startedMs = clock.nowMs();
    const done = (outcome: string) =>
      telemetry.timing(exchangeMetrics.requestMs, clock.nowMs() - startedMs, { exchange, call: call.name, outcome });
    try {
      const reply = await call.run();
      done('ok');
      const extra = call.replyWeight?.(reply) ?? 0;
      if (extra > 0) this.budget.charge(extra);
      return reply;
    } catch (thrown) {
      done('error');
      const error = classifyFailure(thrown, call.name);
      if (error instanceof RateLimitedError) this.budget.refused(error.retryAfterMs, REFUSED_DEFAULT_MS);
      // A refusal of our request is an answer; only faults of the way there are counted as such.
      if (error.kind === 'bug') {
        const { stack } = error.cause as Error;
        telemetry.log('error', exchangeEvents.bug, { exchange, call: call.name, error: error.message, stack });
      } else if (isVenueFailure(error) || (error instanceof HttpStatusError && error.kind === 'auth')) {
        const errorClass = errorClassOf(error);
        telemetry.count(exchangeMetrics.errors, 1, { exchange, call: call.name, class: errorClass });
        await this.#monitor.record(errorClass, call.name, error.message);
      }
      throw error;
    }
  }

  async #takeBudget(call: Pick<ExchangeCall<never>, 'name' | 'callClass' | 'weight' | 'retry'>): Promise<void> {
    const { clock, telemetry, exchange } = this.#deps;
    const deadlineMs = clock.nowMs() + (call.retry === 'read' ? this.#settings.budgetWaitMaxMs : 0);
    for (;;) {
      const waitMs = this.budget.take(call.callClass, call.weight);
      if (waitMs === 0) break;
      if (clock.nowMs() + waitMs > deadlineMs) {
        telemetry.count(exchangeMetrics.budgetRefusals, 1, { exchange, class: call.callClass });
        throw new BudgetExhaustedError(`${call.name}: our rate budget is spent for ${waitMs} ms`, waitMs);
      }
      await clock.sleep(waitMs);
    }
    telemetry.gauge(exchangeMetrics.budgetUsed, this.budget.usedWeight(), { exchange });
  }

  async #breakerChanged(callClass: CallClass, state: 'closed' | 'open' | 'half-open'): Promise<void> {
    const { telemetry, exchange } = this.#deps;
    const value = { closed: 0, 'half-open': 1, open: 2 }[state];
    telemetry.gauge(exchangeMetrics.breakerState, value, { exchange, class: callClass });
    telemetry.log(state === 'open' ? 'error' : 'info', exchangeEvents.breakerChanged, { exchange, callClass, state });
    if (state !== 'open') return;
    this.#deps.onBreakerOpen?.();
    const message = `calls of class ${callClass} to ${exchange} are stopped after repeated failures`;
    await this.#monitor.raise(`breaker-${callClass}`, 'critical', message, { callClass });
  }
}

/** A counter that appears with its first failure shows none in `increase()`. */
function countersAtZero({ telemetry, exchange, calls = [] }: ResilienceDeps): void {
  for (const callClass of CALL_CLASSES) {
    telemetry.count(exchangeMetrics.budgetRefusals, 0, { exchange, class: callClass });
  }
  for (const call of calls) {
    telemetry.count(exchangeMetrics.malformed, 0, { exchange, what: call });
    for (const errorClass of Object.keys(ALERT_THRESHOLDS)) {
      telemetry.count(exchangeMetrics.errors, 0, { exchange, call, class: errorClass });
    }
  }
}
