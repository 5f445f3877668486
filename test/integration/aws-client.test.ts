import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { describe, expect, it } from 'vitest';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { createKinesisEventStream } from '#shared/adapters/aws/kinesis-event-stream.ts';
import { manualClock } from '#test/support/manual-clock.ts';

describe('a client of AWS', () => {
  it('gives up a call that nobody answers, by error and not by a warning', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const environment = { AWS_REGION: 'ap-northeast-1', AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
    const client = new KinesisClient({
      ...awsClientOptions('kinesis', environment, { requestTimeoutMs: 50 }),
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const limits = { attemptsMax: 1 };
    const stream = createKinesisEventStream({
      client,
      streamName: 'market',
      clock: manualClock(),
      random: () => 0,
      limits,
    });

    await expect(stream.put([{ partitionKey: 'k', data: 'x' }])).rejects.toMatchObject({
      message: expect.stringMatching(/ETIMEDOUT|TimeoutError/),
      retryable: true,
    });
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
});
