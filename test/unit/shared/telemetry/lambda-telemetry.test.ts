import { describe, expect, it } from 'vitest';
import { cloudwatchMetrics } from '#shared/telemetry/cloudwatch-metrics.ts';
import { exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { createLambdaTelemetry, type LambdaTelemetryOptions } from '#shared/telemetry/lambda-telemetry.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { HIDDEN, Redactor } from '#shared/telemetry/redactor.ts';
import { capturedOutput } from '#test/support/captured-output.ts';
import { manualClock } from '#test/support/manual-clock.ts';

const BORN = { correlationId: '00112233445566aa', bornAtMs: 1_763_000_000_000 };
const KEY = '0x9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0';

const telemetryOf = (over: Partial<LambdaTelemetryOptions> = {}) =>
  createLambdaTelemetry({
    functionName: 'order-gateway',
    stage: 'dev',
    minLevel: 'info',
    clock: manualClock(1_763_000_000_500),
    redactor: new Redactor(),
    ...over,
  });

const sqs = (...bodies: object[]) => ({
  Records: bodies.map((body) => ({ body: JSON.stringify(body), attributes: {} })),
});
const json = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
const CONTEXT = { awsRequestId: 'request-1' };

describe('logs of a Lambda', () => {
  it('have the keys of the local log, the request and the correlation id of the message', async () => {
    const telemetry = telemetryOf();
    const handler = telemetry.wrap(async () => telemetry.log('info', 'order.answered', { symbol: 'BTC', code: 'ok' }));

    const lines = json(await capturedOutput(() => handler(sqs({ trace: BORN }), CONTEXT)));

    expect(lines).toEqual([
      {
        stage: 'dev',
        function: 'order-gateway',
        service: undefined,
        requestId: 'request-1',
        coldStart: true,
        correlationId: BORN.correlationId,
        symbol: 'BTC',
        code: 'ok',
        t: 1_763_000_000_500,
        at: '2025-11-13T02:13:20.500Z',
        level: 'info',
        event: 'order.answered',
      },
    ]);
  });

  it('name the ids of all messages of a batch, and forget them for the next', async () => {
    const telemetry = telemetryOf();
    const handler = telemetry.wrap(async () => telemetry.log('info', 'a'));
    const other = { ...BORN, correlationId: 'ffffffffffffffff' };

    const lines = json(
      await capturedOutput(async () => {
        await handler(sqs({ trace: BORN }, { trace: other }), CONTEXT);
        await handler({}, { awsRequestId: 'request-2' });
      }),
    );

    expect(lines[0]).toMatchObject({ correlationIds: [BORN.correlationId, other.correlationId] });
    expect(lines[1]).toMatchObject({ requestId: 'request-2' });
    expect(Object.keys(lines[1]!)).not.toContain('correlationIds');
    expect(Object.keys(lines[1]!)).not.toContain('coldStart');
  });

  it('take the id from the first record of a stream batch', async () => {
    const telemetry = telemetryOf();
    const handler = telemetry.wrap(async () => telemetry.log('info', 'a'));
    const data = (id: string) =>
      Buffer.from(JSON.stringify({ trace: { ...BORN, correlationId: id } })).toString('base64');

    const lines = json(
      await capturedOutput(() =>
        handler({ Records: [{ kinesis: { data: data('first') } }, { kinesis: { data: data('second') } }] }, CONTEXT),
      ),
    );

    expect(lines[0]).toMatchObject({ correlationId: 'first' });
  });

  it('leave out what is below the level', async () => {
    const telemetry = telemetryOf({ minLevel: 'warn' });

    const lines = await capturedOutput(() => {
      telemetry.log('info', 'quiet');
      telemetry.log('warn', 'loud');
    });

    expect(json(lines).map((line) => line.event)).toEqual(['loud']);
  });

  it('hold no secret, neither by the name of a key nor by a value that was read', async () => {
    const redactor = new Redactor();
    redactor.addSecret(KEY);
    const telemetry = telemetryOf({ redactor });

    const lines = await capturedOutput(() =>
      telemetry.log('error', 'a', {
        apiKey: 'sesame-123',
        nested: { text: `signed with ${KEY}` },
        error: new Error(KEY),
      }),
    );

    expect(lines.join()).not.toMatch(/sesame|9f8e7d6c/);
    expect(json(lines)[0]).toMatchObject({ apiKey: HIDDEN, nested: { text: `signed with ${HIDDEN}` } });
  });

  it('let no field pass for another event or level', async () => {
    const telemetry = telemetryOf();

    const lines = await capturedOutput(() =>
      telemetry.log('error', 'real', { event: 'fake', level: 'debug', message: 'kept', t: 1 }),
    );

    expect(json(lines)[0]).toMatchObject({ event: 'real', level: 'error', message: 'kept', t: 1_763_000_000_500 });
  });

  it('tell of an error once, redacted, and what is thrown on is redacted too', async () => {
    const redactor = new Redactor();
    redactor.addSecret(KEY);
    const telemetry = telemetryOf({ redactor });
    const handler = telemetry.wrap(async () => {
      throw new TypeError(`bad key ${KEY}`);
    });
    let thrown: unknown;

    const lines = await capturedOutput(async () => {
      thrown = await handler({}, CONTEXT).catch((error: unknown) => error);
    });

    expect(json(lines).map((line) => line.event)).toEqual(['function.failed']);
    expect(thrown).toMatchObject({ name: 'TypeError', message: `bad key ${HIDDEN}` });
    expect(String((thrown as Error).stack)).not.toContain('9f8e7d6c');
    expect(lines.join()).not.toContain('9f8e7d6c');
  });
});

describe('metrics of a Lambda', () => {
  const emf = (lines: readonly string[]) =>
    json(lines).map(({ _aws, ...values }) => {
      const [directive] = (_aws as { CloudWatchMetrics: Record<string, unknown>[] }).CloudWatchMetrics;
      return { ...directive, values };
    });

  it('are written once per invocation, added up, one line per set of dimensions', async () => {
    const telemetry = telemetryOf();
    const handler = telemetry.wrap(async () => {
      telemetry.count(metrics.decisions, 1, { exchange: 'hyperliquid', kind: 'order', code: 'a' });
      telemetry.count(metrics.decisions, 2, { exchange: 'hyperliquid', kind: 'order', code: 'b' });
      telemetry.count(metrics.decisions, 1, { exchange: 'hyperliquid', kind: 'hold', code: 'c' });
      // Billed as a series of its own, and zero without it.
      telemetry.count(metrics.decisions, 0, { exchange: 'hyperliquid', kind: 'refusal', code: 'd' });
      telemetry.gauge(metrics.equity, 10, { exchange: 'hyperliquid', account: 'main' });
      telemetry.gauge(metrics.equity, 12, { exchange: 'hyperliquid', account: 'main' });
      telemetry.timing(metrics.tickToOrderMs, 40, { exchange: 'hyperliquid' });
      telemetry.timing(metrics.tickToOrderMs, 60, { exchange: 'hyperliquid' });
    });

    const lines = await capturedOutput(() => handler({}, CONTEXT));

    expect(emf(lines)).toEqual([
      {
        Namespace: '3T/dev',
        Dimensions: [['service', 'kind']],
        Metrics: [{ Name: 'decisions_total', Unit: 'Count' }],
        values: { service: '3t', kind: 'order', decisions_total: 3 },
      },
      {
        Namespace: '3T/dev',
        Dimensions: [['service', 'kind']],
        Metrics: [{ Name: 'decisions_total', Unit: 'Count' }],
        values: { service: '3t', kind: 'hold', decisions_total: 1 },
      },
      {
        Namespace: '3T/dev',
        Dimensions: [['service']],
        Metrics: [
          { Name: 'account_balance_value', Unit: 'None' },
          { Name: 'tick_to_order_ms', Unit: 'Milliseconds' },
        ],
        values: { service: '3t', account_balance_value: 12, tick_to_order_ms: [40, 60] },
      },
    ]);
  });

  it('are written although the handler fails', async () => {
    const telemetry = telemetryOf();
    const handler = telemetry.wrap(async () => {
      telemetry.count(metrics.fills, 1, { exchange: 'x' });
      throw new Error('no');
    });

    const lines = await capturedOutput(() => handler({}, CONTEXT).catch(() => {}));

    expect(lines.join()).toContain('"fills_total":1');
  });

  it('write nothing when there is nothing, nor what is not exported', async () => {
    const telemetry = telemetryOf();
    const handler = telemetry.wrap(async () => telemetry.count(metrics.queueDead, 1, { queue: 'orders' }));

    expect(await capturedOutput(() => handler({}, CONTEXT))).toEqual([]);
  });

  it('that would cost more than they tell are fields of one line for each set of labels, whatever the level', async () => {
    const telemetry = telemetryOf({ minLevel: 'warn' });
    const handler = telemetry.wrap(async () => {
      telemetry.gauge(metrics.runsLong, 1);
      telemetry.gauge(metrics.runsLong, 3);
      telemetry.gauge(metrics.runsPnl, -2.5);
      telemetry.gauge(metrics.runsPnl, Number.NaN);
      telemetry.gauge(metrics.runsBySymbol, 4, { symbol: 'BTC' });
      telemetry.gauge(metrics.runsPnlBySymbol, 0.5, { symbol: 'BTC' });
    });

    const lines = json(await capturedOutput(() => handler({}, CONTEXT)));
    const again = json(await capturedOutput(() => telemetry.flush()));

    const common = { stage: 'dev', function: 'order-gateway', event: logEvents.figures };
    expect(lines).toEqual([
      { ...common, [metrics.runsLong]: 3, [metrics.runsPnl]: -2.5 },
      { ...common, symbol: 'BTC', [metrics.runsBySymbol]: 4, [metrics.runsPnlBySymbol]: 0.5 },
    ]);
    expect(again).toEqual([]);
  });

  it('stop at the series a metric may have, and count what they refuse', async () => {
    const telemetry = telemetryOf();
    const { seriesMax } = cloudwatchMetrics[metrics.desiredPosition]!;

    const lines = await capturedOutput(() => {
      for (let n = 0; n < seriesMax + 3; n += 1) telemetry.gauge(metrics.desiredPosition, n, { symbol: `S${n}` });
      telemetry.gauge(metrics.equity, Number.NaN);
      telemetry.flush();
    });

    expect(lines.filter((line) => line.includes('"symbol":'))).toHaveLength(seriesMax);
    expect(lines.join()).toContain('"metrics_refused_total":4');
  });

  it('never hold more than a hundred values in a line', async () => {
    const telemetry = telemetryOf();

    const lines = await capturedOutput(() => {
      for (let n = 0; n < 250; n += 1) telemetry.timing(exchangeMetrics.requestMs, n, { exchange: 'x', call: 'c' });
      telemetry.flush();
    });

    const counts = json(lines).map((line) => (line[exchangeMetrics.requestMs] as number[]).length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(100);
    expect(counts.reduce((a, b) => a + b)).toBe(250);
  });

  it('are at most sixty in the bill, and known by name', () => {
    const known = [...Object.values(metrics), ...Object.values(exchangeMetrics), 'aws_retries_total'];

    const series = Object.values(cloudwatchMetrics).reduce((sum, { seriesMax }) => sum + seriesMax, 0);
    expect(series).toBeLessThanOrEqual(60);
    expect(Object.keys(cloudwatchMetrics).filter((name) => !known.includes(name))).toEqual([]);
  });
});
