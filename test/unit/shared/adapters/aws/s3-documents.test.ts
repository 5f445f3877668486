import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { createS3InstallationMarker } from '#shared/adapters/aws/s3-installation-marker.ts';
import { createS3ObserverDocuments } from '#shared/adapters/aws/s3-observer-documents.ts';
import { awsError, LASTING_ERRORS, networkError } from '#test/support/aws-errors.ts';
import { anObserverDocument } from '#test/support/system.ts';

/** What the SDK gives of an object, without the stream. */
const object = (text: string, ContentLength: number | undefined = Buffer.byteLength(text)) => ({
  Body: { transformToString: async () => text } as never,
  ...(ContentLength === undefined ? {} : { ContentLength }),
});

function setUp() {
  const client = new S3Client({ region: 'ap-northeast-1' });
  const mock = mockClient(client);
  const place = { client, bucket: '3t-dev-observers' };
  const marker = createS3InstallationMarker({ ...place, clusterArn: 'arn:aws:rds:x:1:cluster:a' });
  return { mock, documents: createS3ObserverDocuments(place), marker };
}

describe('observers’ documents on S3', () => {
  it('are one object per observer, JSON that nobody may cache', async () => {
    const { mock, documents } = setUp();
    mock.on(PutObjectCommand).resolves({});
    const document = anObserverDocument('observer-1', 1_000);
    await documents.put(document);

    expect(mock.commandCalls(PutObjectCommand).map((call) => call.args[0].input)).toEqual([
      {
        Bucket: '3t-dev-observers',
        Key: 'observers/3T-observer.observer-1.json',
        Body: JSON.stringify(document),
        ContentType: 'application/json',
        CacheControl: 'no-store',
      },
    ]);
  });

  it('are null where none was written', async () => {
    const { mock, documents } = setUp();
    mock.on(GetObjectCommand).rejects(awsError('NoSuchKey', 404));

    expect(await documents.get('observer-1')).toBeNull();
  });

  it.each([
    ...LASTING_ERRORS,
    ['no permission to list, which hides that there is none', awsError('AccessDenied', 403)] as const,
    ['a missing bucket', awsError('NoSuchBucket', 404)] as const,
    ['throttling', awsError('SlowDown', 503)] as const,
    ['no network', networkError('ECONNRESET')] as const,
  ])('are an error, and never "none", for %s', async (_, error) => {
    const { mock, documents } = setUp();
    mock.on(GetObjectCommand).rejects(error);
    mock.on(PutObjectCommand).rejects(error);

    const failures = await Promise.all(
      [documents.get('observer-1'), documents.put(anObserverDocument('observer-1', 1))].map((one) =>
        one.catch((thrown: unknown) => thrown),
      ),
    );

    for (const failure of failures) expect(failure).toBeInstanceOf(Error);
    expect(failures.join()).not.toContain('FwoGZXIvYXdz');
  });

  it('are not read when they are too large, or of unknown size', async () => {
    const { mock, documents } = setUp();
    for (const length of [1_048_577, undefined]) {
      mock
        .on(GetObjectCommand)
        .resolves({ Body: {} as never, ...(length === undefined ? {} : { ContentLength: length }) });

      await expect(documents.get('observer-1')).rejects.toThrow(/bytes; at most 1048576/);
    }
  });

  it.each(['../../secrets', 'a/b', '', 'x'.repeat(65)])('have no object for the name %j', async (id) => {
    const { documents } = setUp();

    await expect(documents.get(id)).rejects.toThrow(/not an object name/);
  });
});

describe('the mark of an installation on S3', () => {
  it.each(['', 'not JSON', '{"v":1}', '{"v":2,"place":"x","tag":"0a1b2c3d","stateVersions":{}}'])(
    'is none when it says %j',
    async (text) => {
      const { mock, marker } = setUp();
      mock.on(GetObjectCommand).resolves(object(text));

      expect(await marker.read()).toBeNull();
    },
  );

  it('is an error, and not none, when it cannot be read', async () => {
    const { mock, marker } = setUp();
    mock.on(GetObjectCommand).rejects(awsError('AccessDenied', 403));

    await expect(marker.read()).rejects.toThrow(/installation.json cannot be read: denied/);
  });
});
