import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from 'vitest';
import { createS3InstallationMarker } from '#shared/adapters/aws/s3-installation-marker.ts';
import { createS3ObserverDocuments, observerDocumentKey } from '#shared/adapters/aws/s3-observer-documents.ts';
import { hasAws, newBucket, removeAwsResources, s3 } from '#test/support/aws-under-test.ts';
import { installationMarkerContract } from './installation-marker.contract.ts';
import { observerDocumentsContract } from './observer-documents.contract.ts';

afterAll(removeAwsResources);

const clusterArn = 'arn:aws:rds:ap-northeast-1:000000000000:cluster:3t-dev';

describe.skipIf(!hasAws)('on AWS', () => {
  observerDocumentsContract('S3', async () => createS3ObserverDocuments({ client: s3, bucket: await newBucket() }));
  installationMarkerContract('S3', async () =>
    createS3InstallationMarker({ client: s3, bucket: await newBucket(), clusterArn }),
  );

  it('tells a document that somebody else wrote, or that is too large, from an absent one', async () => {
    const Bucket = await newBucket();
    const documents = createS3ObserverDocuments({ client: s3, bucket: Bucket });
    const put = (observerId: string, Body: string) =>
      s3.send(new PutObjectCommand({ Bucket, Key: observerDocumentKey(observerId), Body }));
    await put('broken', '{"v":1');
    await put('large', 'x'.repeat(1_048_577));

    await expect(documents.get('broken')).rejects.toThrow(/not JSON/);
    await expect(documents.get('large')).rejects.toThrow(/1048577 bytes/);
    expect(await documents.get('absent')).toBeNull();
  });

  it('does not take a bucket that is not there for one without documents', async () => {
    const documents = createS3ObserverDocuments({ client: s3, bucket: '3t-test-not-there' });

    await expect(documents.get('observer-1')).rejects.toThrow(/missing \(NoSuchBucket/);
  });

  it('takes no mark of another database for its own', async () => {
    const bucket = await newBucket();
    await createS3InstallationMarker({ client: s3, bucket, clusterArn }).write({ tag: '0a1b2c3d', stateVersions: {} });

    expect(
      await createS3InstallationMarker({ client: s3, bucket, clusterArn: `${clusterArn}-copy` }).read(),
    ).toBeNull();
  });
});
