import { describe, expect, it } from 'vitest';
import { awsClientOptions, awsEndpoint } from '#shared/adapters/aws/aws-endpoint.ts';

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
