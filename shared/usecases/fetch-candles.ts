import type { Candle } from '#shared/core/market/candle.ts';
import { type CandleRefusal, checkCandle, sameBar } from '#shared/core/market/check-candle.ts';
import { type OddRow, oddRow } from '#shared/core/odd-row.ts';
import { type Refusal, refusal } from '#shared/core/refusal.ts';
import { type EpochMs, timeframeMs } from '#shared/core/time.ts';
import type { CandleJob } from '#shared/messages/candle-job.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError, type MarketDataSource } from '#shared/ports/exchange.ts';
import type { CandlesRepository } from '#shared/ports/repositories/candles-repository.ts';
import type { FetchStateRepository } from '#shared/ports/repositories/fetch-state-repository.ts';

export interface FetchCandlesDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly market: Pick<MarketDataSource, 'fetchCandles'>;
  readonly candles: Pick<CandlesRepository, 'save'>;
  readonly fetchStates: Pick<FetchStateRepository, 'recordFetched' | 'recordFailed'>;
}

export interface FetchCandlesInput {
  readonly jobs: readonly CandleJob[];
  /** Fetches under way at once. */
  readonly concurrency: number;
}

type BarRefusal = CandleRefusal | Refusal<'unasked' | 'contradictory' | 'unreadable'>;

export type FetchCandlesOutcome =
  | {
      readonly kind: 'stored';
      readonly job: CandleJob;
      readonly stored: number;
      /** Open time of the newest final bar of the answer; null when there is none. */
      readonly newestFinalOpenMs: EpochMs | null;
      readonly refused: number;
      /** The first refusals. */
      readonly samples: readonly BarRefusal[];
      /** Every bar that was refused or could not be read: set them aside. */
      readonly odd: readonly OddRow[];
    }
  /** May pass on its own: leave the job to the queue. `skipped`: not tried, because the venue had just refused another. */
  | { readonly kind: 'retry'; readonly job: CandleJob; readonly reason: string; readonly error: string }
  /** Will not pass: the venue refuses this very job. */
  | { readonly kind: 'dead'; readonly job: CandleJob; readonly error: string };

const SAMPLES_MAX = 3;
/** A refused bar is asked for again while it is among that many newest ones; then its hole is accepted, or no bar would follow. */
const RETRIED_BARS = 10;

/** Fetches, checks and stores the bars of each job, then its fetch state: a crash in between repeats the fetch and no more. */
export async function fetchCandles(
  deps: FetchCandlesDeps,
  input: FetchCandlesInput,
): Promise<readonly FetchCandlesOutcome[]> {
  const outcomes: FetchCandlesOutcome[] = [];
  let next = 0;
  let paused: string | null = null;
  const worker = async (): Promise<void> => {
    while (next < input.jobs.length) {
      const index = next;
      next += 1;
      const job = input.jobs[index]!;
      if (paused !== null) {
        outcomes[index] = { kind: 'retry', job, reason: 'skipped', error: paused };
        continue;
      }
      const outcome = await fetchOne(deps, job);
      outcomes[index] = outcome;
      // The rest would meet the same answer, and make it worse.
      if (outcome.kind === 'retry' && (outcome.reason === 'rate-limited' || outcome.reason === 'breaker-open')) {
        paused = outcome.error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(input.concurrency, input.jobs.length)) }, worker));
  return outcomes;
}

async function fetchOne(deps: FetchCandlesDeps, job: CandleJob): Promise<FetchCandlesOutcome> {
  const { exchange, symbol, timeframe } = job;
  try {
    const { rows, odd: unreadable } = await deps.market.fetchCandles(symbol, timeframe, job.fromMs, job.toMs);
    const nowMs = deps.clock.nowMs();
    const sifted = sift(job, rows, nowMs);
    const { good } = sifted;
    const refusals = [...sifted.refusals, ...unreadable.map((row) => unreadableBar(row, job))];
    await deps.candles.save(good, nowMs);
    const newestFinalOpenMs = good.findLast((bar) => bar.final)?.openTimeMs ?? null;
    if (refusals.some((r) => r.openTimeMs >= job.toMs - RETRIED_BARS * timeframeMs(timeframe))) {
      await deps.fetchStates.recordFailed(exchange, [{ symbol, timeframe }], nowMs);
    } else {
      await deps.fetchStates.recordFetched(
        exchange,
        [{ symbol, timeframe, lastFinalOpenMs: newestFinalOpenMs }],
        nowMs,
      );
    }
    const samples = refusals.slice(0, SAMPLES_MAX).map((r) => r.refusal);
    const odd = [...unreadable, ...sifted.refusals.map((refused) => toOddRow(job, refused))];
    return { kind: 'stored', job, stored: good.length, newestFinalOpenMs, refused: refusals.length, samples, odd };
  } catch (error) {
    if (!(error instanceof ExchangeError)) return { kind: 'retry', job, reason: 'failed', error: String(error) };
    if (error.retryable || error.kind === 'rate-limited') {
      return { kind: 'retry', job, reason: error.kind, error: error.message };
    }
    await deps.fetchStates.recordFailed(exchange, [{ symbol, timeframe }], deps.clock.nowMs());
    return { kind: 'dead', job, error: `${error.kind}: ${error.message}` };
  }
}

interface Refused {
  readonly openTimeMs: EpochMs;
  readonly refusal: BarRefusal;
}

/** One without a readable time may be any of those asked for, the newest among them. */
const unreadableBar = ({ venueTimeMs, why }: OddRow, job: CandleJob): Refused => ({
  openTimeMs: venueTimeMs ?? job.toMs,
  refusal: refusal('unreadable', why, { openTimeMs: venueTimeMs }),
});

const toOddRow = ({ symbol, timeframe }: CandleJob, { openTimeMs, refusal: told }: Refused): OddRow =>
  oddRow({
    list: 'candles',
    key: `${symbol}:${timeframe}:${openTimeMs}`,
    symbol,
    why: `${told.code}: ${told.message}`,
    row: told.numbers,
    venueTimeMs: openTimeMs,
  });

/** Good bars by time, each once, final only when their interval is over by our clock as well as by the venue's word. */
function sift(job: CandleJob, bars: readonly Candle[], nowMs: EpochMs): { good: Candle[]; refusals: Refused[] } {
  const good = new Map<EpochMs, Candle>();
  const refusals: Refused[] = [];
  const first = new Map<EpochMs, Candle>();
  for (const bar of bars) {
    const { openTimeMs } = bar;
    const problem = checkAsked(job, bar) ?? checkCandle(bar);
    const twin = first.get(openTimeMs);
    if (problem) {
      refusals.push({ openTimeMs, refusal: problem });
    } else if (twin && !sameBar(twin, bar)) {
      good.delete(openTimeMs);
      const told = refusal('contradictory', 'one bar came twice with different numbers', { openTimeMs });
      refusals.push({ openTimeMs, refusal: told });
    } else if (!twin) {
      first.set(openTimeMs, bar);
      const closed = openTimeMs + timeframeMs(job.timeframe) <= nowMs;
      good.set(openTimeMs, closed ? bar : { ...bar, final: false });
    }
  }
  return { good: [...good.values()].sort((a, b) => a.openTimeMs - b.openTimeMs), refusals };
}

function checkAsked(job: CandleJob, bar: Candle): BarRefusal | null {
  const asked =
    bar.exchange === job.exchange &&
    bar.symbol === job.symbol &&
    bar.timeframe === job.timeframe &&
    bar.openTimeMs >= job.fromMs &&
    bar.openTimeMs <= job.toMs;
  if (asked) return null;
  const { symbol, timeframe, openTimeMs } = bar;
  return refusal('unasked', 'the bar is of another series or time', { symbol, timeframe, openTimeMs });
}
