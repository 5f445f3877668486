import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import { isDue } from '#shared/core/age.ts';
import { toMicros } from '#shared/core/decimal.ts';
import { countDrop } from '#shared/telemetry/count-drop.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { cohortKey, newRunCache, type SymbolStep, stepRuns } from '#shared/usecases/step-runs.ts';
import { warmUpSymbol } from '#shared/usecases/warm-up-symbol.ts';
import type { RunStrategiesDeps } from './deps.ts';
import type { RunStrategiesEnv } from './env.ts';
import { readRecords } from './read-records.ts';
import { requestReconciliation, type Wish, wishMoved } from './request-reconciliation.ts';

/** Between two attempts to warm up one symbol: candles come by the minute. */
const WARM_UP_EVERY_MS = 10_000;

/**
 * Kinesis `market` → steps of all live runs → `batchItemFailures`. Every readable record is stepped, also after a poison one:
 * what is delivered again changes nothing, and nothing is lost when the poison record goes to the dead letters with its batch.
 */
export function createHandler(deps: RunStrategiesDeps, env: RunStrategiesEnv) {
  const cache = newRunCache();
  const warmUpTriedAtMs = new Map<string, number>();
  const askedDirection = new Map<string, number>();
  const livePnlAboveMicros = toMicros(env.LIVE_PNL_THRESHOLD);
  const { telemetry } = deps;

  /** True when the symbol's runs know their history again. */
  async function warmUp(step: SymbolStep): Promise<boolean> {
    const key = cohortKey(step.exchange, step.symbol);
    const nowMs = deps.clock.nowMs();
    if (step.dataState === 'live' || !isDue(warmUpTriedAtMs.get(key) ?? 0, nowMs, WARM_UP_EVERY_MS)) return false;
    warmUpTriedAtMs.set(key, nowMs);
    const outcome = await warmUpSymbol(deps, { exchange: step.exchange, symbol: step.symbol });
    cache.cohorts.delete(key);
    return outcome.kind === 'warmed' && outcome.live;
  }

  return async (event: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> => {
    const { bundles, poison } = readRecords(event);
    const facts = await stepRuns({ runs: deps.runs, cache }, { bundles, livePnlAboveMicros });
    const wishOf = (step: SymbolStep): Wish[] => {
      const { exchange, symbol, directionAfter } = step;
      askedDirection.set(cohortKey(exchange, symbol), directionAfter);
      const newest = bundles.findLast((b) => b.exchange === exchange && b.symbol === symbol);
      return newest ? [{ exchange, symbol, directionAfter, trace: newest.trace }] : [];
    };
    const moved: Wish[] = [];
    for (const step of facts.symbols) {
      const { exchange, symbol } = step;
      const key = cohortKey(exchange, symbol);
      if (wishMoved(step, env, askedDirection.get(key) ?? null)) moved.push(...wishOf(step));
      else if (!askedDirection.has(key)) askedDirection.set(key, step.directionBefore);
      // Before it has its history a symbol has nothing to lose: each first subscription begins so.
      if (step.gap && step.dataState !== 'warming-up') telemetry.log('warn', logEvents.feedGap, { exchange, symbol });
      if (step.malformed > 0) countDrop(telemetry, 'tick', 'no-price', step.malformed);
    }
    // Together, so that they are one cycle; before the histories of other symbols are read.
    await requestReconciliation(deps, env, moved);
    for (const step of facts.symbols) {
      if (await warmUp(step)) await requestReconciliation(deps, env, wishOf(step));
    }
    for (const { sequenceNumber, error, sample } of poison) {
      const fields = countDrop(telemetry, 'market-bundle', 'malformed');
      telemetry.log('error', logEvents.inputDropped, { ...fields, sequenceNumber, error, sample });
    }
    // The lowest failed sequence number is where the stream begins again.
    return { batchItemFailures: poison.slice(0, 1).map((p) => ({ itemIdentifier: p.sequenceNumber })) };
  };
}
