import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { FunctionHost } from '#local/platform-runner/function-host.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';

/** A `main.ts` that does what its event says. */
const ENTRY = new URL(
  `data:text/javascript,${encodeURIComponent(`
    let calls = 0;
    export const handler = async (event, context) => {
      calls += 1;
      if (event.do === 'hang') await new Promise(() => {});
      if (event.do === 'exit') process.exit(7);
      if (event.do === 'throw') throw new TypeError('no such thing');
      if (event.do === 'print') console.log('printed by a function');
      const { functionName, awsRequestId } = context;
      return { calls, env: process.env, event, functionName, awsRequestId, left: context.getRemainingTimeInMillis() };
    };`)}`,
);

const TIMEOUT_MS = 1_500;
const hosts: FunctionHost[] = [];
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
});

let printed = '';
const output = new Writable({
  write(chunk, _encoding, done) {
    printed += String(chunk);
    done();
  },
});

function hostOf(entry = ENTRY): FunctionHost {
  const host = new FunctionHost({
    name: 'f',
    entry,
    environment: { ONLY: 'this' },
    timeoutMs: TIMEOUT_MS,
    memoryMib: 64,
    clock: systemClock,
    output,
  });
  hosts.push(host);
  return host;
}

const context = { functionName: 'f', awsRequestId: 'f-1', getRemainingTimeInMillis: () => 0 };
type Answer = { calls: number; env: Record<string, string>; left: number };

describe('FunctionHost', () => {
  it('gives a function its event, its context and no environment but its own', async () => {
    const host = hostOf();
    const answer = (await host.handle({ a: [1, null], b: undefined }, context)) as Answer;
    expect(answer).toMatchObject({ event: { a: [1, null] }, functionName: 'f', awsRequestId: 'f-1' });
    expect(answer.env).toEqual({ ONLY: 'this' });
    expect(answer.left).toBeGreaterThan(0);
    // The instance stays warm.
    expect(await host.handle({}, context)).toMatchObject({ calls: 2 });
  });

  it('passes on what a function throws, and goes on with the same instance', async () => {
    const host = hostOf();
    await expect(host.handle({ do: 'throw' }, context)).rejects.toMatchObject({
      name: 'TypeError',
      message: 'no such thing',
    });
    expect(await host.handle({}, context)).toMatchObject({ calls: 2 });
  });

  it.each(['hang', 'exit'])('starts a new instance after one that did %s', async (what) => {
    const host = hostOf();
    await expect(host.handle({ do: what }, context)).rejects.toThrow(
      what === 'hang' ? /timed out after 1500 ms/ : /code 7/,
    );
    expect(await host.handle({}, context)).toMatchObject({ calls: 1 });
  });

  it('fails with the reason when the function cannot be loaded, each time anew', async () => {
    const broken = hostOf(new URL('data:text/javascript,throw new Error("STAGE: it is missing")'));
    await expect(broken.warm()).rejects.toThrow('STAGE: it is missing');
    await expect(broken.handle({}, context)).rejects.toThrow('STAGE: it is missing');
  });

  it('hands on what a function prints', async () => {
    // Waits as long as the test may run.
    await hostOf().handle({ do: 'print' }, context);
    while (!printed.includes('printed by a function')) await systemClock.sleep(10);
  });
});
