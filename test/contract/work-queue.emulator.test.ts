import { Invoker } from '#local/emulators/invoker.ts';
import { QueueEmulator } from '#local/emulators/queue-emulator.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { storedDeadLetters } from '#test/support/stored-dead-letters.ts';
import { type ReceivedMessage, workQueueContract } from './work-queue.contract.ts';

interface SqsEvent {
  readonly Records: readonly { readonly body: string; readonly attributes: { readonly MessageGroupId?: string } }[];
}

workQueueContract('embedded', async ({ fifo }) => {
  const clock = new VirtualClock(1_763_000_000_000);
  const telemetry = new RecordingTelemetry();
  const invoker = new Invoker(clock, telemetry);
  const deps = { clock, telemetry, invoker, deadLetters: storedDeadLetters(clock) };
  const seen: ReceivedMessage[] = [];
  invoker.register(
    'reader',
    async (event) => {
      for (const { body, attributes } of (event as SqsEvent).Records) {
        seen.push({ body, groupId: attributes.MessageGroupId ?? null });
      }
    },
    5_000,
  );
  const queue = new QueueEmulator(fifo ? 'work.fifo' : 'work', deps, {
    fifo,
    functionName: 'reader',
    batchSize: 10,
    maxConcurrency: 2,
    visibilityMs: 30_000,
    maxReceiveCount: 3,
    capacityMessages: 1_000,
  });
  return {
    queue,
    received: async () => {
      await clock.advanceBy(10_000);
      return seen;
    },
  };
});
