import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { describe, expect, it } from 'vitest';
import { awsClientOptions, awsEndpoint } from '#shared/adapters/aws/aws-endpoint.ts';
import { createKinesisEventStream } from '#shared/adapters/aws/kinesis-event-stream.ts';
import { manualClock } from '#test/support/manual-clock.ts';

describe('where a service of AWS is', () => {
  const any = { AWS_ENDPOINT_URL: 'http://localhost:4566' };

  it('is said for the service, or for all; empty says nothing', () => {
    expect(awsEndpoint('sqs', {})).toBeUndefined();
    expect(awsEndpoint('sqs', { AWS_ENDPOINT_URL: '', AWS_ENDPOINT_URL_SQS: ' ' })).toBeUndefined();
    expect(awsEndpoint('sqs', any)).toBe('http://localhost:4566');
    expect(awsEndpoint('rds_data', { ...any, AWS_ENDPOINT_URL_RDS_DATA: 'http://localhost:9' })).toBe(
      'http://localhost:9',
    );
  });

  it('makes buckets part of the path at an emulator, and only there', () => {
    expect(awsClientOptions('s3', any)).toMatchObject({ forcePathStyle: true });
    expect(awsClientOptions('s3', { AWS_REGION: 'ap-northeast-1' })).not.toHaveProperty('forcePathStyle');
  });
});

describe('a client', () => {
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
