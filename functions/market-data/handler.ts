import { type OddRow, partlyText } from '#shared/core/odd-row.ts';
import { parseJobEvent } from '#shared/messages/job-event.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { reportMalformed } from '#shared/telemetry/report-malformed.ts';
import { reportOddRows } from '#shared/telemetry/report-odd-rows.ts';
import { type PlanCandleJobsOutcome, planCandleJobs } from '#shared/usecases/plan-candle-jobs.ts';
import { refreshMarkPrices } from '#shared/usecases/refresh-mark-prices.ts';
import { setAsideOddRows } from '#shared/usecases/set-aside-odd-rows.ts';
import { createChores } from './chores.ts';
import type { MarketDataDeps } from './deps.ts';
import { forTimeframe, type MarketDataEnv } from './env.ts';

const JOB = 'market-data';

/**
 * Schedule (or a run-request, or an SQS batch of either) → candle jobs, mark prices, and now and then pruning and trading ranges.
 * Every step may run twice and none stops the others. Rejects when the plan failed; the other steps come again with the next slot.
 */
export function createHandler(deps: MarketDataDeps, env: MarketDataEnv) {
  const exchange = env.EXCHANGE;
  const chores = createChores(deps, env);
  const rulesOf = (timeframe: MarketDataEnv['TIMEFRAMES'][number]) => ({
    lookbackBars: forTimeframe(env.LOOKBACK_BARS, timeframe),
    settleMs: env.SETTLE_MS,
    requeueAfterMs: env.REQUEUE_AFTER_MS,
    failureWaitMs: env.FAILURE_WAIT_MS,
    failureWaitMaxMs: env.FAILURE_WAIT_MAX_MS,
  });

  const tellAge = ({ oldestBarAgeMs }: PlanCandleJobsOutcome): void => {
    if (oldestBarAgeMs !== null) deps.telemetry.gauge(metrics.candleAgeSeconds, oldestBarAgeMs / 1000);
  };

  let partly: string | null = null;
  const aside = async ({ odd }: { readonly odd: readonly OddRow[] }): Promise<void> => {
    partly = partlyText(odd);
    reportOddRows(deps.telemetry, await setAsideOddRows(deps, exchange, odd));
  };

  return async (event: unknown): Promise<void> => {
    // What is no job asks for nothing that the plan does not find out by itself.
    reportMalformed(deps.telemetry, parseJobEvent(event));
    const products = await deps.instruments.products(exchange);
    const symbols = products.filter((p) => p.instrument.status === 'active').map((p) => p.instrument.symbol);
    const { TIMEFRAMES: timeframes, MAX_JOBS: maxJobs } = env;
    const plan = { exchange, symbols, timeframes, rulesOf, maxJobs };
    const errors = [
      await failureOf('plan', planCandleJobs(deps, plan).then(tellAge)),
      await failureOf('mark-prices', refreshMarkPrices(deps, { exchange, symbols }).then(aside)),
      await failureOf('prune', chores.prune()),
    ];
    const failed = errors.filter((error) => error !== null);
    const nowMs = deps.clock.nowMs();
    if (failed.length === 0) return deps.jobs.recordOk(JOB, nowMs, { symbols: symbols.length, partly });
    deps.telemetry.log('warn', logEvents.functionFailed, { function: JOB, error: failed.join('; ') });
    await deps.jobs.recordError(JOB, nowMs, failed.join('; '));
    if (errors[0]) throw new Error(errors[0]);
  };
}

/** Null when the step went well. */
async function failureOf(step: string, work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return `${step}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
