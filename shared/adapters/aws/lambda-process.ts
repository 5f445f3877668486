import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { LogLevel, Telemetry } from '#shared/ports/telemetry.ts';
import { createLambdaTelemetry } from '#shared/telemetry/lambda-telemetry.ts';
import { createPowertoolsTracer } from '#shared/telemetry/powertools-tracer.ts';
import { Redactor } from '#shared/telemetry/redactor.ts';
import { randomIds } from '../system/random-ids.ts';
import { systemClock } from '../system/system-clock.ts';
import type { AwsEnvironment } from './aws-endpoint.ts';
import { NOBODY_ELSE, onceEachSlot, type SlotClaims } from './once-each-slot.ts';
import type { SqsWorkQueueOptions } from './sqs-work-queue.ts';

export interface LambdaProcess {
  readonly clock: Clock;
  readonly ids: Ids;
  /** [0, 1): jitter. */
  readonly random: () => number;
  readonly telemetry: Telemetry;
  /** For the queues: whoever receives a message goes on with its sender's trace. */
  readonly traceHeaderOf: NonNullable<SqsWorkQueueOptions['traceHeaderOf']>;
  /** Until the present invocation should answer, told by Lambda. Unlimited outside of one. */
  readonly remainingMs: () => number;
  /** From now on this value is blotted out of every line. */
  hideSecret(value: string): void;
  /**
   * The handler as Lambda calls it: its lines bear the request's ids, its metrics are written before it answers. `before` runs first in
   * each invocation. `slots` is where its processes agree on who works a schedule's slot off; a function without one (an observer has
   * no database, and writing its document twice changes nothing) leaves out only what the same process has worked off.
   */
  serve<E, R>(
    handler: (event: E, context: unknown) => Promise<R>,
    options?: { readonly before?: () => void; readonly slots?: SlotClaims },
  ): (event: E, context: unknown) => Promise<R>;
}

/** Of each invocation's time: for the words and the metrics of a failure. */
const FAREWELL_MS = 3_000;

/** What every function has of its own: time, chance, ids and a voice. Once per process, outside the handler. */
export function startLambda(
  functionName: string,
  variables: { readonly STAGE: string; readonly LOG_LEVEL: LogLevel },
  environment: AwsEnvironment,
): LambdaProcess {
  const redactor = new Redactor();
  const telemetry = createLambdaTelemetry({
    functionName,
    stage: variables.STAGE,
    minLevel: variables.LOG_LEVEL,
    clock: systemClock,
    redactor,
    daemonAddress: environment.AWS_XRAY_DAEMON_ADDRESS,
    tracer: createPowertoolsTracer(functionName),
  });
  let answerByMs = Number.POSITIVE_INFINITY;
  return {
    clock: systemClock,
    ids: randomIds,
    random: Math.random,
    telemetry,
    traceHeaderOf: (message) => telemetry.traceHeaderOf(message),
    remainingMs: () => answerByMs - systemClock.nowMs(),
    hideSecret: (value) => redactor.addSecret(value),
    serve: (handler, { before, slots = NOBODY_ELSE } = {}) => {
      const once = onceEachSlot(handler, { slots, clock: systemClock });
      return telemetry.wrap(async (event, context) => {
        // Lambda freezes the process between invocations. What the peers closed meanwhile is noticed in this turn, before it is used.
        await new Promise(setImmediate);
        before?.();
        answerByMs = systemClock.nowMs() + timeLeftMs(context) - FAREWELL_MS;
        return once(event, context);
      });
    },
  };
}

/** Of the function's own timeout. */
function timeLeftMs(context: unknown): number {
  const lambda = (context ?? {}) as { getRemainingTimeInMillis?(): number };
  return lambda.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
}
