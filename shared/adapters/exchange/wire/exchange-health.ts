import { isFresh } from '#shared/core/age.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { ExchangeError, ExchangeErrorKind, MarketDataSource } from '#shared/ports/exchange.ts';
import type { BreakerRow } from '#shared/ports/repositories/breaker-repository.ts';
import type { CallClass } from '../resilience/call-class.ts';
import { classifyFailure } from '../resilience/exchange-failure.ts';
import type { ResilientCaller } from '../resilience/resilient-caller.ts';

export interface ExchangeHealth {
  readonly exchange: string;
  readonly healthy: boolean;
  readonly checkedAtMs: number;
  readonly latencyMs: number;
  /** Instruments in the answer; null when there was none. */
  readonly instruments: number | null;
  readonly errorKind: ExchangeErrorKind | null;
  readonly error: string | null;
  readonly breakers: Readonly<Record<CallClass, BreakerRow['state']>>;
  readonly rateWeightUsed: number;
}

export interface ExchangeHealthDeps {
  readonly exchange: string;
  readonly marketData: Pick<MarketDataSource, 'loadInstruments'>;
  readonly caller: ResilientCaller;
  readonly clock: Clock;
  /** A result younger than this is given again without asking. */
  readonly maxAgeMs: number;
}

/** Asks the venue for its markets, at most every five minutes by default. Never throws: being unwell is an answer. */
export function exchangeHealthCheck(deps: ExchangeHealthDeps): () => Promise<ExchangeHealth> {
  let last: Promise<ExchangeHealth> | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = deps.clock.nowMs();
    if (last !== null && isFresh(askedAtMs, nowMs, deps.maxAgeMs)) return last;
    askedAtMs = nowMs;
    last = check(deps);
    return last;
  };
}

async function check({ exchange, marketData, caller, clock }: ExchangeHealthDeps): Promise<ExchangeHealth> {
  const startedMs = clock.nowMs();
  let instruments: number | null = null;
  let failure: ExchangeError | null = null;
  try {
    instruments = (await marketData.loadInstruments()).rows.length;
  } catch (error) {
    failure = classifyFailure(error, 'health');
  }
  return {
    exchange,
    healthy: failure === null && (instruments ?? 0) > 0,
    checkedAtMs: clock.nowMs(),
    latencyMs: clock.nowMs() - startedMs,
    instruments,
    errorKind: failure?.kind ?? null,
    error: failure?.message.slice(0, 300) ?? null,
    breakers: caller.breakers.states(),
    rateWeightUsed: caller.budget.usedWeight(),
  };
}
