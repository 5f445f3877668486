import { describe, expect, it } from 'vitest';
import { queuesByJob } from '#shared/adapters/system/queues-by-job.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';

function setUp() {
  const sent: [queue: string, bodies: readonly string[]][] = [];
  const queue = (name: string): WorkQueue => ({
    send: async (messages) => void sent.push([name, messages.map(({ body }) => body)]),
  });
  const of = (name: string) => ({ standard: queue(name), fifo: queue(`${name}.fifo`) });
  return { sent, queues: { reconciliation: [of('r')], observer: [of('o1'), of('o2')], balance: [] } };
}

describe('queuesByJob', () => {
  it('sends a request to every function of its job, with a group through the FIFO queue, those of one queue together', async () => {
    const { sent, queues } = setUp();

    await queuesByJob(queues).send([
      { body: '{"job":"reconciliation","n":1}', groupId: 'g', deduplicationId: '1' },
      { body: '{"job":"observer"}' },
      { body: '{"job":"reconciliation","n":2}', groupId: 'g', deduplicationId: '2' },
    ]);

    expect(sent).toEqual([
      ['r.fifo', ['{"job":"reconciliation","n":1}', '{"job":"reconciliation","n":2}']],
      ['o1', ['{"job":"observer"}']],
      ['o2', ['{"job":"observer"}']],
    ]);
  });

  it('sends nothing for a job that no function of this stage does', async () => {
    const { sent, queues } = setUp();

    await queuesByJob(queues).send([{ body: '{"job":"balance"}' }]);

    expect(sent).toEqual([]);
  });

  it('sends a request to the functions of its own exchange alone', async () => {
    const { sent, queues } = setUp();
    const [a, b] = [queues.reconciliation[0]!, queues.observer[0]!];
    const byExchange = queuesByJob({
      balance: [
        { ...a, exchange: 'a' },
        { ...b, exchange: 'b' },
      ],
    });

    await byExchange.send([{ body: '{"job":"balance","exchange":"b"}' }, { body: '{"job":"balance","exchange":"c"}' }]);

    expect(sent).toEqual([['o1', ['{"job":"balance","exchange":"b"}']]]);
  });

  it.each(['{"job":"unknown"}', '{"job":"toString"}', '{"job":1}', '{}', 'null', '[]', 'not JSON'])(
    'refuses %s for good, before anything is sent',
    async (body) => {
      const { sent, queues } = setUp();

      const sending = queuesByJob(queues).send([{ body: '{"job":"observer"}' }, { body }]);

      await expect(sending).rejects.toMatchObject({ name: 'QueueError', retryable: false });
      expect(sent).toEqual([]);
    },
  );
});
