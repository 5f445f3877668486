/** What a failed call means to its caller. */
export type DataApiFailure =
  /** The key of an insert is taken: see isDuplicateKey. */
  | 'duplicate-key'
  /** Another transaction was in the way (1213); the whole transaction is rolled back and may be tried again. */
  | 'deadlock'
  /** A row was locked for too long (1205). */
  | 'lock-timeout'
  /** Paused, and still not there when the time for waiting was over. */
  | 'resuming'
  /** Throttled, or the service itself was away, for longer than it was waited for. Nothing ran. */
  | 'busy'
  /** The statement ran for 45 s. */
  | 'statement-timeout'
  /** Expired, ended by an earlier error, or of another cluster. After a commit: nobody knows whether it happened. */
  | 'transaction-lost'
  | 'response-too-large'
  | 'request-too-large'
  /** MySQL refused the statement for another reason: see errno. */
  | 'database'
  /** Everything that is not about the statement: access, secret, network. It may have run. */
  | 'service';

/** A failed call of the RDS Data API, in place of the SDK's own error, which is its cause. */
export class DataApiError extends Error {
  readonly failure: DataApiFailure;
  /** MySQL's error number, where the message tells it. */
  readonly errno: number | null;
  /** How long the database was waited for, in how many tries; null when it was not. */
  readonly waited: { readonly waitedMs: number; readonly attempts: number } | null;

  constructor(
    failure: DataApiFailure,
    message: string,
    errno: number | null = null,
    cause?: unknown,
    waited: DataApiError['waited'] = null,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DataApiError';
    this.failure = failure;
    this.errno = errno;
    this.waited = waited;
  }
}

const BY_ERRNO: Readonly<Record<number, DataApiFailure>> = {
  1062: 'duplicate-key',
  1205: 'lock-timeout',
  1213: 'deadlock',
};

const BY_NAME: Readonly<Record<string, DataApiFailure>> = {
  DatabaseResumingException: 'resuming',
  ServiceUnavailableError: 'busy',
  StatementTimeoutException: 'statement-timeout',
  ThrottlingException: 'busy',
  TooManyRequestsException: 'busy',
  TransactionNotFoundException: 'transaction-lost',
};

/** The Data API answers all of these as a bad request with a sentence. */
const BY_MESSAGE: readonly (readonly [RegExp, DataApiFailure])[] = [
  [
    /response exceeded size limit|more than the allowed response size|packet for query is too large/i,
    'response-too-large',
  ],
  [/transaction \S+ is(?:n't| not) found/i, 'transaction-lost'],
  [/content length exceeded|request (?:entity )?too large/i, 'request-too-large'],
  [/\bDuplicate entry\b/, 'duplicate-key'],
  [/\bDeadlock found\b/, 'deadlock'],
];

/** The SDK's error as ours. `Database error code: 1062. Message: Duplicate entry …` is the Data API's spelling of MySQL's. */
export function dataApiError(error: unknown): DataApiError {
  if (error instanceof DataApiError) return error;
  const { name = '', message = String(error) } = (error ?? {}) as { name?: string; message?: string };
  const errno = Number(/error code: (\d+)/i.exec(message)?.[1] ?? Number.NaN);
  const failure =
    BY_ERRNO[errno] ??
    BY_NAME[name] ??
    BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ??
    (name === 'DatabaseErrorException' || Number.isFinite(errno) ? 'database' : 'service');
  return new DataApiError(failure, message, Number.isFinite(errno) ? errno : null, error);
}

/** What a caller is told for whom the database did not wake up in time: the numbers, and what to do about it. */
export function gaveUpWaiting({ failure, message, errno, cause }: DataApiError, waitedMs: number, attempts: number) {
  const what = failure === 'resuming' ? 'the database is paused and did not wake up' : 'the Data API is busy';
  const advice =
    failure === 'resuming'
      ? 'It takes about 15 s, after a day 30 s or more; these attempts have woken it: try again in half a minute.'
      : 'Nothing ran: try again.';
  const text = `${what} in ${waitedMs} ms and ${attempts} attempts. ${advice} AWS: ${message}`;
  return new DataApiError(failure, text, errno, cause, { waitedMs, attempts });
}
