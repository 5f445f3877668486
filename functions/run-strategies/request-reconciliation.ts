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

/** What a symbol's runs want now, and the trace of the tick that brought it about. */
export type Wish = Pick<SymbolStep, 'exchange' | 'symbol' | 'directionAfter'> & { readonly trace: Trace };

/**
 * Asks for a reconciliation of each wish's symbol. The same wish within the interval is one request (deduplication id). The runs
 * are saved by now: a queue that refuses costs the time until the next scheduled cycle, not a tick.
 */
export async function requestReconciliation(
  deps: RunStrategiesDeps,
  env: RunStrategiesEnv,
  wishes: readonly Wish[],
): Promise<void> {
  if (!env.ON_CHANGE_ENABLED || wishes.length === 0) return;
  const slot = slotOf(deps.clock.nowMs(), Math.max(env.ON_CHANGE_MIN_INTERVAL_S * 1000, 1));
  const messages = wishes.map(({ exchange, symbol, directionAfter, trace }) => {
    const reason = `direction ${directionAfter}`;
    const body: RunRequest = { v: 1, type: 'run-request', job: JOB, exchange, symbols: [symbol], reason, trace };
    const deduplicationId = `${JOB}:${exchange}:${symbol}:${slot}:${directionAfter}`.slice(0, 128);
    return { body: JSON.stringify(body), groupId: exchange, deduplicationId };
  });
  try {
    await deps.requests.send(messages);
  } catch (error) {
    const symbols = wishes.map(({ symbol }) => symbol).slice(0, SYMBOLS_IN_LOG_MAX);
    deps.telemetry.log('warn', logEvents.inputDropped, {
      what: 'run-request',
      code: 'queue-refused',
      symbols,
      error: String(error),
    });
  }
}

const SYMBOLS_IN_LOG_MAX = 20;
