import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { type CandleJob, candleJobSchema } from '#shared/messages/candle-job.ts';
import { countDrop } from '#shared/telemetry/count-drop.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { type FetchCandlesOutcome, fetchCandles } from '#shared/usecases/fetch-candles.ts';
import { setAsideOddRows } from '#shared/usecases/set-aside-odd-rows.ts';
import type { CandleFetcherDeps } from './deps.ts';
import type { CandleFetcherEnv } from './env.ts';

const SOURCE = 'candle-jobs';

/**
 * SQS `candle-jobs` → candles. What may pass on its own goes back to the queue (`batchItemFailures`); what the venue refuses for
 * good, or no one can read, goes to the dead letters with its payload and is done.
 */
export function createHandler(deps: CandleFetcherDeps, env: CandleFetcherEnv) {
  const { telemetry } = deps;

  async function bury(record: SQSRecord, error: string): Promise<void> {
    await deps.deadLetters.store({
      source: SOURCE,
      recordId: record.messageId,
      error,
      payload: record.body,
      attempts: Number(record.attributes.ApproximateReceiveCount) || 1,
    });
    telemetry.log('error', logEvents.recordDead, { source: SOURCE, recordId: record.messageId, error });
  }

  /** True when the queue must deliver the record again. */
  async function conclude(record: SQSRecord, outcome: FetchCandlesOutcome): Promise<boolean> {
    const { symbol, timeframe, trace } = outcome.job;
    const series = { symbol, timeframe, correlationId: trace.correlationId };
    if (outcome.kind === 'dead') {
      await bury(record, outcome.error);
    } else if (outcome.kind === 'retry') {
      telemetry.log('warn', 'candles.postponed', { ...series, reason: outcome.reason, error: outcome.error });
    } else {
      const { stored, newestFinalOpenMs, refused, samples, odd } = outcome;
      telemetry.log('debug', 'candles.stored', { ...series, stored, newestFinalOpenMs });
      if (refused > 0) {
        countDrop(telemetry, 'candle', samples[0]?.code ?? 'refused', refused);
        telemetry.log('warn', logEvents.inputDropped, { what: 'candle', ...series, count: refused, sample: samples });
        await setAsideOddRows(deps, outcome.job.exchange, odd);
      }
    }
    return outcome.kind === 'retry';
  }

  return async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const readable: { record: SQSRecord; job: CandleJob }[] = [];
    for (const record of event.Records) {
      const job = readJob(record.body);
      if (typeof job === 'string') await bury(record, job);
      else readable.push({ record, job });
    }
    const jobs = readable.map((r) => r.job);
    const outcomes = await fetchCandles(deps, { jobs, concurrency: env.CONCURRENCY_LIMIT });
    const batchItemFailures: { itemIdentifier: string }[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      const { record } = readable[i]!;
      if (await conclude(record, outcome)) batchItemFailures.push({ itemIdentifier: record.messageId });
    }
    return { batchItemFailures };
  };
}

/** The job, or what is wrong with it. */
function readJob(body: string): CandleJob | string {
  try {
    const parsed = candleJobSchema.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : z.prettifyError(parsed.error).slice(0, 300);
  } catch {
    return 'not JSON';
  }
}
