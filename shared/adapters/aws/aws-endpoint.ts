import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Services that this project calls; the name is that of `AWS_ENDPOINT_URL_<SERVICE>`. */
export type AwsService =
  | 'kinesis'
  | 'sqs'
  | 'secrets_manager'
  | 's3'
  | 'rds_data'
  | 'lambda'
  | 'scheduler'
  | 'sns'
  | 'cloudwatch_logs';

export interface AwsClientLimits {
  /** Tries of one call by the SDK itself. Kinesis and SQS adapters repeat on their own, through the clock. */
  readonly maxAttempts: number;
  readonly connectTimeoutMs: number;
  /** From the request to the end of the answer. */
  readonly requestTimeoutMs: number;
}

const LIMITS: Readonly<Record<AwsService, AwsClientLimits>> = {
  kinesis: { maxAttempts: 1, connectTimeoutMs: 1_000, requestTimeoutMs: 3_000 },
  sqs: { maxAttempts: 1, connectTimeoutMs: 1_000, requestTimeoutMs: 3_000 },
  secrets_manager: { maxAttempts: 3, connectTimeoutMs: 1_000, requestTimeoutMs: 3_000 },
  s3: { maxAttempts: 3, connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 },
  // One statement may take as long as the service lets it: 45 s.
  rds_data: { maxAttempts: 1, connectTimeoutMs: 1_000, requestTimeoutMs: 46_000 },
  cloudwatch_logs: { maxAttempts: 3, connectTimeoutMs: 1_000, requestTimeoutMs: 10_000 },
  sns: { maxAttempts: 3, connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 },
  scheduler: { maxAttempts: 3, connectTimeoutMs: 1_000, requestTimeoutMs: 5_000 },
  // A synchronous invocation answers when the function does: 15 min at most, ours within one.
  lambda: { maxAttempts: 2, connectTimeoutMs: 1_000, requestTimeoutMs: 65_000 },
};

/** The environment as AWS's tools understand it; a process hands its own over. */
export type AwsEnvironment = Readonly<Record<string, string | undefined>>;

/** Where a service is, when not at AWS: `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`. Empty means unset. */
export function awsEndpoint(service: AwsService, environment: AwsEnvironment): string | undefined {
  const own = environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`]?.trim();
  const any = environment.AWS_ENDPOINT_URL?.trim();
  return own || any || undefined;
}

/**
 * What every client of this project is made with: `new SQSClient(awsClientOptions('sqs', process.env))`. HTTP/1.1 throughout: the
 * Kinesis client would speak HTTP/2 even to a plain `http://` emulator, whose answers then end at 65,535 bytes, and a session kept
 * open does not survive the freezing of a Lambda. Credentials come from the SDK's own chain.
 */
export function awsClientOptions(
  service: AwsService,
  environment: AwsEnvironment,
  over: Partial<AwsClientLimits> = {},
) {
  const { maxAttempts, connectTimeoutMs, requestTimeoutMs } = { ...LIMITS[service], ...over };
  const endpoint = awsEndpoint(service, environment);
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION;
  return {
    ...(region ? { region } : {}),
    ...(endpoint === undefined ? {} : { endpoint }),
    // Buckets of an emulator have no host names of their own.
    ...(service === 's3' && endpoint !== undefined ? { forcePathStyle: true } : {}),
    maxAttempts,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // Without it the SDK only warns.
      throwOnRequestTimeout: true,
    }),
  };
}
