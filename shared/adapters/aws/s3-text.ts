import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { awsFailure } from './aws-failure.ts';

export interface S3Place {
  readonly client: Pick<S3Client, 'send'>;
  readonly bucket: string;
}

/**
 * The text of an object, or null when there is none. Who may read objects but not list the bucket is told "denied" of one that is
 * absent, so the role needs `s3:ListBucket` too.
 */
export async function readS3Text({ client, bucket }: S3Place, key: string, bytesMax: number): Promise<string | null> {
  try {
    const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (Body === undefined) return '';
    // The length is known before the body is read; without it nothing says how much would come.
    if (ContentLength === undefined || ContentLength > bytesMax) {
      (Body as { destroy?: () => void }).destroy?.();
      throw new RangeError(
        `s3://${bucket}/${key} has ${ContentLength ?? 'an unknown number of'} bytes; at most ${bytesMax}`,
      );
    }
    return await Body.transformToString('utf-8');
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const failure = awsFailure(error);
    // A bucket that is not there is not an absent document.
    if (failure.code === 'NoSuchKey') return null;
    throw new Error(`s3://${bucket}/${key} cannot be read: ${failure.kind} (${failure.summary})`);
  }
}

export async function writeS3Text({ client, bucket }: S3Place, key: string, text: string): Promise<void> {
  try {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: text,
        ContentType: 'application/json',
        CacheControl: 'no-store',
      }),
    );
  } catch (error) {
    const failure = awsFailure(error);
    throw new Error(`s3://${bucket}/${key} cannot be written: ${failure.kind} (${failure.summary})`);
  }
}
