import { describe, expect, it } from 'vitest';
import { awsFailure } from '#shared/adapters/aws/aws-failure.ts';
import { awsError, LASTING_ERRORS, networkError, TRANSIENT_ERRORS } from '#test/support/aws-errors.ts';

describe('a failure of AWS', () => {
  it.each(TRANSIENT_ERRORS)('is worth another try after %s', (_, error) => {
    expect(awsFailure(error).transient).toBe(true);
  });

  it.each(LASTING_ERRORS)('is not after %s', (_, error) => {
    expect(awsFailure(error).transient).toBe(false);
  });

  it.each([
    ['ProvisionedThroughputExceededException', 400, 'throttled'],
    ['RequestThrottled', 403, 'throttled'],
    ['OverLimit', 403, 'throttled'],
    ['SlowDown', 503, 'throttled'],
    ['InvalidSignatureException', 403, 'credentials'],
    ['UnrecognizedClientException', 400, 'credentials'],
    ['KmsAccessDenied', 400, 'denied'],
    ['Forbidden', 403, 'denied'],
    ['QueueDoesNotExist', 400, 'missing'],
    ['AWS.SimpleQueueService.NonExistentQueue', 400, 'missing'],
    ['NoSuchBucket', 404, 'missing'],
    ['ValidationException', 400, 'refused'],
    ['BatchRequestTooLong', 400, 'refused'],
    ['InternalServiceError', 500, 'unavailable'],
  ])('of code %s is of kind %s', (name, status, kind) => {
    expect(awsFailure(awsError(name, status)).kind).toBe(kind);
  });

  it('is told by code, status and request, never by its message: that of a signature error quotes the token', () => {
    expect(awsFailure(awsError('InvalidSignatureException', 403)).summary).toBe(
      'InvalidSignatureException, HTTP 403, request req-1',
    );
    expect(awsFailure(networkError('ECONNREFUSED')).summary).toBe('ECONNREFUSED');
  });

  it.each([undefined, null, 'text', 7, {}])('is unknown when %j was thrown', (thrown) => {
    expect(awsFailure(thrown)).toEqual({ kind: 'unknown', transient: false, code: 'unknown', summary: 'unknown' });
  });
});
