import { Invoker } from '#local/emulators/invoker.ts';
import { StreamEmulator } from '#local/emulators/stream-emulator.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import type { StreamRecord } from '#shared/ports/event-stream.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { storedDeadLetters } from '#test/support/stored-dead-letters.ts';
import { eventStreamContract } from './event-stream.contract.ts';

interface KinesisEvent {
  readonly Records: readonly { readonly kinesis: { readonly partitionKey: string; readonly data: string } }[];
}

eventStreamContract('embedded', async () => {
  const clock = new VirtualClock(1_763_000_000_000);
  const telemetry = new RecordingTelemetry();
  const invoker = new Invoker(clock, telemetry);
  const deps = { clock, telemetry, invoker, deadLetters: storedDeadLetters(clock) };
  const stream = new StreamEmulator('market', deps, { capacityRecords: 10_000 });
  const seen: StreamRecord[] = [];
  invoker.register(
    'reader',
    async (event) => {
      for (const { kinesis } of (event as KinesisEvent).Records) {
        seen.push({ partitionKey: kinesis.partitionKey, data: Buffer.from(kinesis.data, 'base64').toString('utf8') });
      }
    },
    5_000,
  );
  const limits = { batchWindowMs: 100, maxRetries: 2, maxRecordAgeMs: 60_000 };
  stream.addConsumer({ functionName: 'reader', batchSize: 100, ...limits });
  return {
    stream,
    delivered: async (prefix) => {
      await clock.advanceBy(10_000);
      return seen.filter((record) => record.partitionKey.startsWith(prefix));
    },
  };
});
