import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createPowertoolsTracer } from '#shared/telemetry/powertools-tracer.ts';

const MODULE = join(import.meta.dirname, '../../shared/telemetry/powertools-tracer.ts');
const ROOT = '1-5759e988-bd862e3fe1be46a994272793';
const SCRIPT = `
  import { createPowertoolsTracer } from ${JSON.stringify(MODULE)};
  const tracer = createPowertoolsTracer('order-gateway');
  const work = async () => { if (process.argv[1] === 'fail') throw new TypeError('with a secret'); return 'done'; };
  console.log(await tracer.span('execute', { correlationId: 'abc' }, work).catch((error) => error.name));
`;

/** The tracer as in Lambda: what it is, it reads from the environment of its process when it is loaded. */
async function inLambda(traceHeader: string | null, daemon: string, ...args: string[]) {
  const env = {
    PATH: process.env.PATH,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    LAMBDA_TASK_ROOT: '/var/task',
    AWS_XRAY_DAEMON_ADDRESS: daemon,
    ...(traceHeader === null ? {} : { _X_AMZN_TRACE_ID: traceHeader }),
  };
  return promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT, ...args], { env });
}

describe('the tracer by Powertools', () => {
  it('just runs the work where no trace is open', async () => {
    const tracer = createPowertoolsTracer('order-gateway');

    expect(await tracer.span('execute', { correlationId: 'abc' }, async () => 7)).toBe(7);
    await expect(tracer.span('execute', {}, () => Promise.reject(new TypeError('no')))).rejects.toThrow(TypeError);
  });

  it('adds a subsegment with the correlation id to the trace of the invocation, without the error’s words', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const received: string[] = [];
    socket.on('message', (message) => received.push(message.toString()));
    const { port } = socket.address() as AddressInfo;
    const header = `Root=${ROOT};Parent=53995c3f42cd8ad8;Sampled=1`;

    const first = once(socket, 'message');
    const { stdout, stderr } = await inLambda(header, `127.0.0.1:${port}`, 'fail');
    await first;
    socket.close();

    expect([stdout.trim(), stderr]).toEqual(['TypeError', '']);
    const document = JSON.parse(received[0]!.split('\n')[1]!) as object;
    expect(document).toMatchObject({
      name: 'execute',
      trace_id: ROOT,
      parent_id: '53995c3f42cd8ad8',
      fault: true,
      annotations: { correlationId: 'abc', error: 'TypeError' },
    });
    expect(received.join()).not.toContain('with a secret');
  });

  it.each([null, `Root=${ROOT};Parent=53995c3f42cd8ad8;Sampled=0`])(
    'writes no error where the invocation is not traced: %s',
    async (header) => {
      expect(await inLambda(header, '127.0.0.1:1')).toMatchObject({ stdout: 'done\n', stderr: '' });
    },
  );
});
