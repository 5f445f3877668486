import { describe, expect, it } from 'vitest';
import { QueueError, type QueueMessage, type WorkQueue } from '#shared/ports/work-queue.ts';

export interface ReceivedMessage {
  readonly body: string;
  /** Null in a standard queue. */
  readonly groupId: string | null;
}

export interface WorkQueueUnderTest {
  readonly queue: WorkQueue;
  /** Waits until so many messages were received (and deleted), and a little longer: in the order of their receipt. */
  readonly received: (count: number) => Promise<readonly ReceivedMessage[]>;
}

const BODY_MAX_BYTES = 262_144;

/** What every queue of work promises. */
export function workQueueContract(
  name: string,
  create: (kind: { fifo: boolean }) => Promise<WorkQueueUnderTest>,
): void {
  const refusalOf = (queue: WorkQueue, message: QueueMessage) =>
    queue.send([message]).catch((thrown: unknown) => thrown);

  describe(`standard work queue: ${name}`, () => {
    it('delivers every message, more than one call to a service may hold', async () => {
      const { queue, received } = await create({ fifo: false });
      const bodies = Array.from({ length: 25 }, (_, n) => JSON.stringify({ n, text: 'Zürich → 東京 🚀' }));
      await queue.send(bodies.map((body) => ({ body })));

      const found = await received(25);

      expect(found.map((message) => message.body).sort()).toEqual([...bodies].sort());
    });

    it('delivers messages that are large together', async () => {
      const { queue, received } = await create({ fifo: false });
      const text = 'x'.repeat(250_000);
      await queue.send(Array.from({ length: 9 }, (_, n) => ({ body: `${n}${text}` })));

      expect((await received(9)).map((message) => message.body[0]).sort()).toEqual([...'012345678']);
    });

    it('keeps a delayed message back', async () => {
      const { queue, received } = await create({ fifo: false });
      await queue.send([{ body: 'later', delaySeconds: 2 }, { body: 'now' }]);

      expect((await received(2)).map((message) => message.body)).toEqual(['now', 'later']);
    });

    it('takes the same body twice', async () => {
      const { queue, received } = await create({ fifo: false });
      await queue.send([{ body: 'same' }, { body: 'same' }]);

      expect(await received(2)).toHaveLength(2);
    });

    it('has nothing to do for no messages', async () => {
      const { queue } = await create({ fifo: false });

      await expect(queue.send([])).resolves.toBeUndefined();
    });

    it('refuses a message that is too large for good', async () => {
      const { queue } = await create({ fifo: false });
      const error = await refusalOf(queue, { body: 'x'.repeat(BODY_MAX_BYTES + 1) });

      expect(error).toBeInstanceOf(QueueError);
      expect(error).toMatchObject({ retryable: false });
    });
  });

  describe(`FIFO work queue: ${name}`, () => {
    const message = (groupId: string, n: number): QueueMessage => ({
      body: JSON.stringify({ groupId, n }),
      groupId,
      deduplicationId: `${groupId}:${n}`,
    });

    it('delivers the messages of a group in their order', async () => {
      const { queue, received } = await create({ fifo: true });
      const messages = Array.from({ length: 24 }, (_, n) =>
        message(n % 2 === 0 ? 'hyperliquid:main' : 'hyperliquid:second', n),
      );
      await queue.send(messages.slice(0, 15));
      await queue.send(messages.slice(15));

      const found = await received(24);

      for (const group of ['hyperliquid:main', 'hyperliquid:second']) {
        expect(found.filter((one) => one.groupId === group).map((one) => one.body)).toEqual(
          messages.filter((one) => one.groupId === group).map((one) => one.body),
        );
      }
    });

    it('drops a repeat, in one send or another', async () => {
      const { queue, received } = await create({ fifo: true });
      await queue.send([message('g', 1), { ...message('g', 1), body: 'a repeat' }]);
      await queue.send([{ ...message('g', 1), body: 'a repeat' }, message('g', 2)]);

      expect((await received(2)).map((one) => one.body)).toEqual([message('g', 1).body, message('g', 2).body]);
    });

    it.each([
      ['without a group', { body: 'a', deduplicationId: 'a' }],
      ['without an id to drop repeats by', { body: 'a', groupId: 'g' }],
      ['with a delay of its own', { body: 'a', groupId: 'g', deduplicationId: 'a', delaySeconds: 5 }],
    ] as const)('refuses a message %s for good', async (_, refused) => {
      const { queue } = await create({ fifo: true });

      const error = await refusalOf(queue, refused);

      expect(error).toBeInstanceOf(QueueError);
      expect(error).toMatchObject({ retryable: false });
    });
  });
}
