import { afterAll, describe } from 'vitest';
import { createKinesisEventStream } from '#shared/adapters/aws/kinesis-event-stream.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { hasAws, isEmulator, kinesis, newStream, removeAwsResources } from '#test/support/aws-under-test.ts';
import { eventStreamContract } from './event-stream.contract.ts';

afterAll(removeAwsResources);

// A stream takes a while to make on AWS: one for all tests.
let made: ReturnType<typeof newStream> | null = null;

describe.skipIf(!hasAws)('on AWS', () => {
  eventStreamContract('Kinesis', async () => {
    made ??= newStream();
    const { streamName, delivered } = await made;
    // The emulator still has the service's former limit of 5 MiB a call.
    const limits = { attemptsMax: 20, ...(isEmulator ? { callBytesMax: 5 * 1_048_576 } : {}) };
    const stream = createKinesisEventStream({
      client: kinesis,
      streamName,
      clock: systemClock,
      random: Math.random,
      limits,
    });
    return { stream, delivered };
  });
});
