import type { RDSDataClient } from '@aws-sdk/client-rds-data';
import { describe, expect, it } from 'vitest';
import { DataApiCalls } from '#shared/adapters/sql/data-api/data-api-calls.ts';
import { manualClock } from '#test/support/manual-clock.ts';

/** A service whose first connections are dead, as after a pause of the process. */
function callsOver(deadConnections: number, code = 'ECONNRESET') {
  const sent: string[] = [];
  const client = {
    send: async (command: object) => {
      sent.push(command.constructor.name);
      if (sent.length <= deadConnections) throw Object.assign(new Error('socket hang up'), { code });
      return { transactionId: 't1', numberOfRecordsUpdated: 1 };
    },
  } as unknown as Pick<RDSDataClient, 'send'>;
  const options = { client, resourceArn: 'r', secretArn: 's', database: 'd', clock: manualClock(0) };
  return { calls: new DataApiCalls(options), sent };
}

describe('the Data API behind dead connections', () => {
  it.each(['ECONNRESET', 'EPIPE'])('is read, and a transaction begins, on the next connection (%s)', async (code) => {
    const read = callsOver(3, code);
    const begun = callsOver(1, code);

    await read.calls.execute('select 1', [], undefined);

    expect(read.sent).toHaveLength(4);
    expect(await begun.calls.begin()).toBe('t1');
  });

  it.each([
    ['a write, which may have run', 'update orders set status = ?', undefined],
    ['a read inside a transaction, which may have ended', 'select ?', 't1'],
  ])('is not sent twice %s', async (_, text, transactionId) => {
    const { calls, sent } = callsOver(1);

    await expect(calls.execute(text, ['x'], transactionId)).rejects.toMatchObject({ failure: 'service' });

    expect(sent).toHaveLength(1);
  });

  it('is given up after a few, and at once when it is no matter of a connection', async () => {
    const dead = callsOver(99);
    const slow = callsOver(99, 'ETIMEDOUT');

    await expect(dead.calls.begin()).rejects.toMatchObject({ failure: 'service' });
    await expect(slow.calls.begin()).rejects.toMatchObject({ failure: 'service' });
    await expect(dead.calls.commit('t1')).rejects.toMatchObject({ failure: 'service' });

    expect([dead.sent.length, slow.sent.length]).toEqual([5, 1]);
  });
});

describe('the Data API before a database that resumes', () => {
  const resuming = Object.assign(new Error('is resuming'), { name: 'DatabaseResumingException' });
  const waitOf = async (budget: { resumeBudgetMs?: number; leftMs?: number }) => {
    const clock = manualClock(0);
    const client = { send: () => Promise.reject(resuming) } as unknown as Pick<RDSDataClient, 'send'>;
    const { leftMs, ...rest } = budget;
    const calls = new DataApiCalls({
      ...{ client, resourceArn: 'r', secretArn: 's', database: 'd', clock, ...rest },
      ...(leftMs === undefined ? {} : { remainingMs: () => leftMs - clock.nowMs() }),
    });
    return calls.begin().catch((error: unknown) => error);
  };

  it.each([
    // 0.5 + 1 + 2 + 3, then five seconds each.
    ['its own budget', { leftMs: 600_000 }, { waitedMs: 41_500, attempts: 12 }],
    ['the time that is left of an invocation of 30 s', { leftMs: 27_000 }, { waitedMs: 26_500, attempts: 9 }],
    ['a smaller budget', { resumeBudgetMs: 3_000, leftMs: 27_000 }, { waitedMs: 1_500, attempts: 3 }],
    ['no time at all', { leftMs: -1 }, { waitedMs: 0, attempts: 1 }],
  ])('ends with a typed error within %s', async (_, budget, waited) => {
    expect(await waitOf(budget)).toMatchObject({ name: 'DataApiError', failure: 'resuming', waited, cause: resuming });
  });
});
