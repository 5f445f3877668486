import { slotOf } from '#shared/core/time.ts';
import type { RunRequest } from '#shared/messages/scheduled-job.ts';
import type { Trace } from '#shared/messages/trace.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import type { SymbolStep } from '#shared/usecases/step-runs.ts';
import type { RunStrategiesDeps } from './deps.ts';
import type { RunStrategiesEnv } from './env.ts';

/** Job name of the requests, as reconciliation knows itself. */
const JOB = 'reconciliation';

/**
 * True when the symbol's wish moved beyond the threshold since it was last asked about (`askedDirection`; null: not by this
 * process), or can be known again. Small steps in one direction add up.
 */
export const wishMoved = (step: SymbolStep, env: RunStrategiesEnv, askedDirection: number | null): boolean =>
  step.dataState === 'live' &&
  (step.dataStateBefore !== 'live' ||
    Math.abs(step.directionAfter - (askedDirection ?? step.directionBefore)) >= env.ON_CHANGE_DIRECTION_MIN);

/**
 * Asks for a reconciliation of one symbol. The same wish within the interval is one request (deduplication id). The runs are
 * saved by now: a queue that refuses costs the time until the next scheduled cycle, not a tick.
 */
export async function requestReconciliation(
  deps: RunStrategiesDeps,
  env: RunStrategiesEnv,
  step: Pick<SymbolStep, 'exchange' | 'symbol' | 'directionAfter'>,
  trace: Trace,
): Promise<void> {
  if (!env.ON_CHANGE_ENABLED) return;
  const { exchange, symbol, directionAfter } = step;
  const body: RunRequest = {
    v: 1,
    type: 'run-request',
    job: JOB,
    exchange,
    symbols: [symbol],
    reason: `direction ${directionAfter}`,
    trace,
  };
  const slot = slotOf(deps.clock.nowMs(), Math.max(env.ON_CHANGE_MIN_INTERVAL_S * 1000, 1));
  const deduplicationId = `${JOB}:${exchange}:${symbol}:${slot}:${directionAfter}`.slice(0, 128);
  try {
    await deps.requests.send([{ body: JSON.stringify(body), groupId: exchange, deduplicationId }]);
  } catch (error) {
    deps.telemetry.log('warn', logEvents.inputDropped, {
      what: 'run-request',
      code: 'queue-refused',
      symbol,
      error: String(error),
    });
  }
}
