import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import type { Clock } from '#shared/ports/clock.ts';
import type { LogFields, LogLevel, Telemetry } from '#shared/ports/telemetry.ts';
import { metricNamespace } from './cloudwatch-metrics.ts';
import { EmfBuffer } from './emf-buffer.ts';
import { FigureLines } from './figure-lines.ts';
import { messagesIn } from './lambda-messages.ts';
import { logEvents } from './names.ts';
import type { Redactor } from './redactor.ts';
import { daemonEmitter, TraceChain } from './trace-chain.ts';
import type { Tracer } from './tracer.ts';

export interface LambdaTelemetryOptions {
  /** Name of the function as the project knows it: `order-gateway`. */
  readonly functionName: string;
  readonly stage: string;
  readonly minLevel: LogLevel;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** `AWS_XRAY_DAEMON_ADDRESS`; absent: chains are not traced. */
  readonly daemonAddress?: string | undefined;
  /** Where active tracing is on: annotates the function's own trace (shared/telemetry/powertools-tracer.ts). */
  readonly tracer?: Tracer;
}

export interface LambdaTelemetry extends Telemetry {
  /**
   * A handler whose lines carry the request and the correlation ids, and whose metrics and segments are written before it answers.
   * An error is logged redacted, and thrown on as one that Lambda may print.
   */
  wrap<E, C, R>(handler: (event: E, context: C) => Promise<R>): (event: E, context: C) => Promise<R>;
  /** For `createSqsWorkQueue`: whoever receives the message goes on with this invocation's trace. */
  traceHeaderOf(message: { readonly body: string }): string | null;
  /** Writes the metrics that wait. A process that is no Lambda calls it every minute. */
  flush(): void;
}

/** Logs by Powertools (JSON, one line per event, redacted), metrics in CloudWatch's embedded format, chains as X-Ray segments. */
export function createLambdaTelemetry(options: LambdaTelemetryOptions): LambdaTelemetry {
  const { functionName, stage, minLevel, clock, redactor, daemonAddress, tracer } = options;
  const logFormatter = new RedactingFormatter(redactor, clock, { stage, function: functionName });
  const logger = new Logger({ serviceName: functionName, logFormatter });
  const emf = new EmfBuffer(metricNamespace(stage));
  const figures = new FigureLines();
  const chain = daemonAddress
    ? new TraceChain({ name: functionName, clock, emit: daemonEmitter(daemonAddress, clock) })
    : null;
  logger.setLogLevel(levelName(minLevel));
  let coldStart = true;

  const telemetry: Telemetry = {
    log: (level, event, fields = {}) => write(logger, level, event, fields),
    count: (metric, value = 1, labels = {}) => emf.add(metric, value, labels),
    gauge: (metric, value, labels = {}) => {
      emf.add(metric, value, labels);
      figures.add(metric, value, labels);
    },
    timing: (metric, durationMs, labels = {}) => emf.add(metric, durationMs, labels),
  };

  function flush(): void {
    emf.flush();
    for (const line of figures.take()) {
      // Whatever the level of the log: they stand in for metrics.
      process.stdout.write(`${redactor.json({ stage, function: functionName, ...line, event: logEvents.figures })}\n`);
    }
  }

  function begin(event: unknown, context: unknown): string[] {
    const requestId = (context as { awsRequestId?: unknown } | null)?.awsRequestId;
    const messages = messagesIn(event);
    const correlationIds = [...new Set(messages.map((message) => message.trace.correlationId))];
    logger.resetKeys();
    logger.appendKeys({
      ...(requestId === undefined ? {} : { requestId }),
      ...(coldStart ? { coldStart } : {}),
      ...(correlationIds.length === 1 ? { correlationId: correlationIds[0] } : {}),
      ...(correlationIds.length > 1 ? { correlationIds: correlationIds.slice(0, CORRELATION_IDS_MAX) } : {}),
    });
    coldStart = false;
    chain?.begin();
    // Half a million batches of prices a month would be half a million traces: a stream's chain begins with the first message sent.
    for (const { trace, traceHeader, fromStream } of messages) if (!fromStream) chain?.joined(trace, traceHeader);
    return correlationIds;
  }

  return {
    ...telemetry,
    flush,
    traceHeaderOf: ({ body }) => chain?.headerOf(body) ?? null,
    wrap: (handler) => async (event, context) => {
      const correlationIds = begin(event, context);
      let failed = true;
      try {
        const work = () => handler(event, context);
        const annotations = correlationIds[0] === undefined ? {} : { correlationId: correlationIds[0] };
        const answer = await (tracer ? tracer.span(functionName, annotations, work) : work());
        failed = false;
        return answer;
      } catch (error) {
        telemetry.log('error', logEvents.functionFailed, { function: functionName, error });
        throw printable(error, redactor);
      } finally {
        flush();
        await chain?.end(failed);
      }
    },
  };
}

const CORRELATION_IDS_MAX = 10;

const levelName = (level: LogLevel) => level.toUpperCase() as Uppercase<LogLevel>;

function write(logger: Logger, level: LogLevel, event: string, fields: LogFields): void {
  try {
    // Under one key, so that no field can pass for one of Powertools' own.
    logger[level](event, { fields });
  } catch {
    // Telling about trouble never makes any.
  }
}

/** Lines have the keys of the local ones (json-telemetry.ts), so that `3t logs` and saved queries read both. */
class RedactingFormatter extends LogFormatter {
  readonly #redactor: Redactor;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #common: LogFields;

  constructor(redactor: Redactor, clock: Pick<Clock, 'nowMs'>, common: LogFields) {
    super();
    this.#redactor = redactor;
    this.#clock = clock;
    this.#common = common;
  }

  override formatAttributes(own: UnformattedAttributes, additional: LogAttributes): LogItem {
    const { fields, ...keys } = additional as { fields?: LogFields };
    const t = this.#clock.nowMs();
    const at = new Date(t).toISOString();
    const xray = own.xRayTraceId === undefined ? {} : { xrayTraceId: own.xRayTraceId };
    const line = {
      ...this.#common,
      ...xray,
      ...keys,
      ...fields,
      t,
      at,
      level: own.logLevel.toLowerCase(),
      event: own.message,
    };
    return new LogItem({ attributes: JSON.parse(this.#redactor.json(line)) as LogAttributes });
  }
}

/** Lambda prints what a handler throws; a library's message may quote what it was given. */
function printable(error: unknown, redactor: Redactor): Error {
  const thrown = error instanceof Error ? error : new Error(String(error));
  const shown = new Error(redactor.text(thrown.message));
  shown.name = thrown.name;
  shown.stack = redactor.text(thrown.stack ?? '');
  return shown;
}
