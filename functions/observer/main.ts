import { S3Client } from '@aws-sdk/client-s3';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { createS3ObserverDocuments } from '#shared/adapters/aws/s3-observer-documents.ts';
import { openAccountObserver } from '#shared/adapters/exchange/open-account-observer.ts';
import { keepAliveFetch } from '#shared/adapters/system/keep-alive-fetch.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { observerEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(observerEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, telemetry, serve } = startLambda('observer', env, process.env);
const client = keepAliveFetch();

export const handler = serve(
  createHandler(
    {
      clock,
      telemetry,
      observer: openAccountObserver(env.VENUE, env.OBSERVER_ID, client.fetch),
      documents: createS3ObserverDocuments({
        client: new S3Client(awsClientOptions('s3', process.env)),
        bucket: env.OBSERVER_BUCKET,
      }),
    },
    env,
  ),
  { before: client.closeIdle },
);
