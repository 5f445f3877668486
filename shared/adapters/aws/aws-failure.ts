export interface AwsFailure {
  /**
   * throttled, unavailable (network, timeout, server fault), credentials (expired or refused), denied (policy), missing (no such
   * resource), refused (this very input), unknown.
   */
  readonly kind: 'throttled' | 'unavailable' | 'credentials' | 'denied' | 'missing' | 'refused' | 'unknown';
  /** The same call may succeed in a moment: repeat it. */
  readonly transient: boolean;
  /** The service's or the system's code, never its message: those of signature errors quote the session token. */
  readonly code: string;
  /** Code, HTTP status and request id for a person. */
  readonly summary: string;
}

const THROTTLED = /Throttl|ThroughputExceeded|LimitExceeded|^OverLimit$|SlowDown|TooManyRequests/i;
const CREDENTIALS =
  /^(ExpiredToken(Exception)?|RequestExpired|InvalidClientTokenId|UnrecognizedClient(Exception)?|InvalidAccessKeyId|MissingAuthenticationToken(Exception)?|CredentialsProviderError|SignatureDoesNotMatch|InvalidSignature(Exception)?|RequestTimeTooSkewed|TokenRefreshRequired|IncompleteSignature(Exception)?)$/;
const DENIED =
  /AccessDenied|^(InvalidSecurity|NotAuthorized|Forbidden|OptInRequired)$|Kms(Disabled|OptIn)|KMS(Disabled|OptIn)/;
const MISSING = /NotFound|NonExistentQueue|^(NoSuch(Bucket|Key)|QueueDoesNotExist|QueueDeletedRecently)$/;
const UNAVAILABLE =
  /^(TimeoutError|AbortError|InternalFailure(Exception)?|Internal(Server|Service)(Error|Exception)|ServiceUnavailable(Exception)?|ResourceInUseException|RequestTimeout)$/;
const NETWORK = /^(ECONN|ENOTFOUND|EAI_|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR|ERR_SOCKET)/;

/** What an error of the SDK means. Takes anything. */
export function awsFailure(error: unknown): AwsFailure {
  const thrown = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: unknown;
    code?: unknown;
    $fault?: unknown;
    $metadata?: { httpStatusCode?: number; requestId?: string };
  };
  const status = thrown.$metadata?.httpStatusCode;
  const network = typeof thrown.code === 'string' && NETWORK.test(thrown.code);
  const code = network ? String(thrown.code) : typeof thrown.name === 'string' ? thrown.name : 'unknown';
  const kind = network ? 'unavailable' : kindOf(code, status);
  const requestId = thrown.$metadata?.requestId;
  const summary = [code, ...(status ? [`HTTP ${status}`] : []), ...(requestId ? [`request ${requestId}`] : [])].join(
    ', ',
  );
  // A wrong clock is put right by the SDK for the next try, and a refreshed token is read anew.
  const transient = kind === 'throttled' || kind === 'unavailable' || kind === 'credentials';
  return { kind, transient, code, summary };
}

function kindOf(code: string, status: number | undefined): AwsFailure['kind'] {
  if (THROTTLED.test(code) || status === 429) return 'throttled';
  if (CREDENTIALS.test(code)) return 'credentials';
  if (DENIED.test(code)) return 'denied';
  if (MISSING.test(code)) return 'missing';
  if (UNAVAILABLE.test(code) || (status !== undefined && status >= 500)) return 'unavailable';
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'missing';
  return status !== undefined && status >= 400 ? 'refused' : 'unknown';
}
