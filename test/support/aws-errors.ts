/** An error as the SDK's clients throw it: `name` is the service's code. */
export const awsError = (
  name: string,
  httpStatusCode: number,
  message = `${name} with a session token FwoGZXIvYXdz`,
): Error =>
  Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode, requestId: 'req-1' } });

/** An error of the system below the SDK. */
export const networkError = (code: string): Error => Object.assign(new Error(`connect ${code} 10.0.0.1:443`), { code });

/** Failures of every call, with what they mean: kind, and whether the same call may succeed in a moment. */
export const TRANSIENT_ERRORS: readonly (readonly [string, Error])[] = [
  ['throttling', awsError('ThrottlingException', 400)],
  ['a KMS throttle', awsError('KMSThrottlingException', 400)],
  ['the account’s rate limit', awsError('LimitExceededException', 400)],
  ['HTTP 429', awsError('Whatever', 429)],
  ['an internal failure', awsError('InternalFailureException', 500)],
  ['HTTP 503', awsError('Whatever', 503)],
  ['a refused connection', networkError('ECONNREFUSED')],
  ['a reset connection', networkError('ECONNRESET')],
  ['a name that does not resolve', networkError('EAI_AGAIN')],
  ['a timeout', Object.assign(new Error('late'), { name: 'TimeoutError' })],
  ['expired credentials', awsError('ExpiredTokenException', 403)],
  ['a clock that is off', awsError('RequestTimeTooSkewed', 403)],
];

/** Failures that a person puts right: asking again at once is of no use, the same input may pass later. */
export const LASTING_ERRORS: readonly (readonly [string, Error])[] = [
  ['access denied', awsError('AccessDeniedException', 400)],
  ['a disabled key', awsError('KMSDisabledException', 400)],
  ['a missing resource', awsError('ResourceNotFoundException', 400)],
];
