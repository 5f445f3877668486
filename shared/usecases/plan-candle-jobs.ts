import { isDue } from '#shared/core/age.ts';
import { type DueRules, dueSeries } from '#shared/core/market/due-series.ts';
import { RUN_BAR_MS } from '#shared/core/runs/cohort.ts';
import { type Timeframe, timeframeMs } from '#shared/core/time.ts';
import type { CandleJob } from '#shared/messages/candle-job.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { FetchStateRepository } from '#shared/ports/repositories/fetch-state-repository.ts';
import type { RunsRepository } from '#shared/ports/repositories/runs-repository.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';

export interface PlanCandleJobsDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ids: Ids;
  readonly fetchStates: Pick<FetchStateRepository, 'all' | 'markQueued'>;
  readonly runs: Pick<RunsRepository, 'cohortHealth'>;
  /** Standard queue `candle-jobs`. */
  readonly candleJobs: WorkQueue;
}

export interface PlanCandleJobsInput {
  readonly exchange: string;
  readonly symbols: readonly string[];
  readonly timeframes: readonly Timeframe[];
  readonly rulesOf: (timeframe: Timeframe) => DueRules;
  /** More due series wait for the next time. */
  readonly maxJobs: number;
}

export interface PlanCandleJobsOutcome {
  readonly queued: readonly CandleJob[];
  /** Due series beyond `maxJobs`. */
  readonly postponed: number;
  /**
   * Age in ms, from its open time, of the newest final bar of the shortest timeframe, for the symbol where it is oldest; symbols
   * without any are left out. Null when there is none at all.
   */
  readonly oldestBarAgeMs: number | null;
}

/**
 * Queues one fetch for each (symbol, timeframe) that has a closed bar which is not stored. Sent first, marked second: after a crash
 * in between a job is sent again, which changes nothing. Rejects when the queue or the database does.
 */
export async function planCandleJobs(
  deps: PlanCandleJobsDeps,
  input: PlanCandleJobsInput,
): Promise<PlanCandleJobsOutcome> {
  const nowMs = deps.clock.nowMs();
  const states = new Map((await deps.fetchStates.all(input.exchange)).map((s) => [`${s.symbol}|${s.timeframe}`, s]));
  const waiting = await waitingSymbols(deps, input.exchange, nowMs);
  const due = input.timeframes.flatMap((timeframe) => {
    const rules = input.rulesOf(timeframe);
    return input.symbols.flatMap((symbol) => {
      const state = states.get(`${symbol}|${timeframe}`);
      const hasHoles = timeframeMs(timeframe) === RUN_BAR_MS && waiting.has(symbol);
      const series = dueSeries(timeframe, state, rules, nowMs, hasHoles);
      return series ? [{ symbol, timeframe, ...series, queuedAtMs: state?.queuedAtMs ?? -1 }] : [];
    });
  });
  // Those that have waited longest first, so that a limit starves none.
  const chosen = due.sort((a, b) => a.queuedAtMs - b.queuedAtMs).slice(0, input.maxJobs);
  const oldestBarAgeMs = oldestAge(input, states, nowMs);
  if (chosen.length === 0) return { queued: [], postponed: 0, oldestBarAgeMs };
  const trace = { correlationId: deps.ids.next(), bornAtMs: nowMs };
  const queued = chosen.map(
    ({ symbol, timeframe, fromMs, toMs }): CandleJob => ({
      v: 1,
      type: 'candle-job',
      exchange: input.exchange,
      symbol,
      timeframe,
      fromMs,
      toMs,
      trace,
    }),
  );
  await deps.candleJobs.send(queued.map((job) => ({ body: JSON.stringify(job) })));
  await deps.fetchStates.markQueued(input.exchange, chosen, nowMs);
  return { queued, postponed: due.length - chosen.length, oldestBarAgeMs };
}

/** A gap heals with the bars of its own minute, as a rule: only one that has lasted asks for more. */
const HEALS_WITHIN_MS = 60_000;

/** Symbols whose runs do not know their history, for longer than a warm-up takes. */
async function waitingSymbols(
  { runs }: PlanCandleJobsDeps,
  exchange: string,
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const cohorts = [...(await runs.cohortHealth(exchange)).values()];
  const waiting = cohorts.filter((c) => c.dataState !== 'live' && isDue(c.dataStateSinceMs, nowMs, HEALS_WITHIN_MS));
  return new Set(waiting.map(({ symbol }) => symbol));
}

function oldestAge(
  { symbols, timeframes }: PlanCandleJobsInput,
  states: ReadonlyMap<string, { readonly lastFinalOpenMs: number | null }>,
  nowMs: number,
): number | null {
  const [shortest] = timeframes.toSorted((a, b) => timeframeMs(a) - timeframeMs(b));
  const ages = symbols.flatMap((symbol) => {
    const openMs = states.get(`${symbol}|${shortest}`)?.lastFinalOpenMs ?? null;
    return openMs === null ? [] : [nowMs - openMs];
  });
  return ages.length === 0 ? null : Math.max(...ages);
}
