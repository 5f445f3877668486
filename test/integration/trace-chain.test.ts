import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { createLambdaTelemetry } from '#shared/telemetry/lambda-telemetry.ts';
import { Redactor } from '#shared/telemetry/redactor.ts';
import type { SegmentDocument } from '#shared/telemetry/trace-chain.ts';
import { traceRootOf } from '#shared/telemetry/trace-header.ts';
import { capturedOutput } from '#test/support/captured-output.ts';

const BORN = { correlationId: '00112233445566aa', bornAtMs: 1_763_000_000_000 };
const CONTEXT = { awsRequestId: 'request-1' };
const EVENT = { Records: [{ body: JSON.stringify({ trace: BORN }), attributes: {} }] };

describe('segments of a chain', () => {
  const sockets: ReturnType<typeof createSocket>[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  async function daemon() {
    const socket = createSocket('udp4');
    sockets.push(socket);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { address, port } = socket.address() as AddressInfo;
    const next = async () => {
      const [message] = (await once(socket, 'message')) as [Buffer];
      const [header, document] = message.toString().split('\n', 2);
      expect(JSON.parse(header!)).toEqual({ format: 'json', version: 1 });
      return JSON.parse(document!) as SegmentDocument;
    };
    return { address: `${address}:${port}`, next };
  }

  const traced = (functionName: string, daemonAddress?: string) =>
    createLambdaTelemetry({
      functionName,
      stage: 'dev',
      minLevel: 'info',
      clock: systemClock,
      redactor: new Redactor(),
      daemonAddress,
    });

  it('of a decision, its order and its fill are one trace, each caused by the one before', async () => {
    const { address, next } = await daemon();
    const [planner, gateway, tracker] = ['reconciliation', 'order-gateway', 'order-tracker'].map((name) =>
      traced(name, address),
    );
    const body = JSON.stringify({ trace: BORN });
    /** Runs one function on the message of the one before, and answers its segment and the header it sent on. */
    const hop = async (telemetry: ReturnType<typeof traced>, header: string | null) => {
      const received = next();
      let sent: string | null = null;
      const attributes = header === null ? {} : { AWSTraceHeader: header };
      await telemetry.wrap(async () => {
        sent = telemetry.traceHeaderOf({ body });
      })({ Records: [{ body, attributes }] }, CONTEXT);
      return { segment: await received, sent: sent as string | null };
    };

    const decision = await hop(planner!, null);
    const order = await hop(gateway!, decision.sent);
    const fill = await hop(tracker!, order.sent);

    const all = [decision.segment, order.segment, fill.segment];
    expect(all.map((segment) => segment.trace_id)).toEqual(Array(3).fill(traceRootOf(BORN)));
    expect(all.map((segment) => segment.parent_id)).toEqual([undefined, all[0]!.id, all[1]!.id]);
    expect(all.map((segment) => segment.name)).toEqual(['reconciliation', 'order-gateway', 'order-tracker']);
    expect(all.map((segment) => segment.annotations)).toEqual(Array(3).fill({ correlationId: BORN.correlationId }));
  });

  it('include a chain that an invocation only began: a scheduled cycle that sends an order', async () => {
    const { address, next } = await daemon();
    const telemetry = traced('reconciliation', address);
    const received = next();
    let header: string | null = null;

    await telemetry.wrap(async () => {
      header = telemetry.traceHeaderOf({ body: JSON.stringify({ trace: BORN }) });
    })({ type: 'schedule' }, CONTEXT);

    const { id, trace_id: root } = await received;
    expect(header).toBe(`Root=${root};Parent=${id};Sampled=1`);
  });

  it('are not begun by a tick, only by what is sent because of it', async () => {
    const { address, next } = await daemon();
    const telemetry = traced('run-strategies', address);
    const tick = (correlationId: string) =>
      Buffer.from(JSON.stringify({ trace: { ...BORN, correlationId } })).toString('base64');
    const received = next();

    await telemetry.wrap(async () => {})({ Records: [{ kinesis: { data: tick('quiet') } }] }, CONTEXT);
    await telemetry.wrap(async () => telemetry.traceHeaderOf({ body: JSON.stringify({ trace: BORN }) }))(
      { Records: [{ kinesis: { data: tick(BORN.correlationId) } }] },
      CONTEXT,
    );

    // The first that arrives is of the second invocation.
    expect((await received).annotations).toEqual({ correlationId: BORN.correlationId });
  });

  it('are marked when the handler failed', async () => {
    const { address, next } = await daemon();
    const telemetry = traced('order-gateway', address);
    const received = next();

    await capturedOutput(() =>
      telemetry
        .wrap(async () => {
          throw new Error('no');
        })(EVENT, CONTEXT)
        .catch(() => {}),
    );

    expect(await received).toMatchObject({ fault: true });
  });

  it('hold nothing up when nobody listens, or no daemon is known', async () => {
    const telemetry = traced('order-gateway', '127.0.0.1:1');

    await expect(telemetry.wrap(async () => 'done')(EVENT, CONTEXT)).resolves.toBe('done');
    expect(traced('order-gateway').traceHeaderOf({ body: JSON.stringify({ trace: BORN }) })).toBeNull();
  });
});
