import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { openAurora } from '#shared/adapters/aws/aurora-database.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { startLambda } from '#shared/adapters/aws/lambda-process.ts';
import { createSecretsManagerSecrets } from '#shared/adapters/aws/secrets-manager.ts';
import { migrateLocked } from '#shared/adapters/sql/migrate-locked.ts';
import { mysqlSchemaOwner } from '#shared/adapters/sql/mysql-schema-owner.ts';
import { readEnvironment } from '#shared/messages/read-environment.ts';
import { migrateEnvSchema, resourcesSchema } from './env.ts';
import { createHandler } from './handler.ts';

const env = readEnvironment(migrateEnvSchema.extend(resourcesSchema.shape), process.env);
const { clock, ids, telemetry, hideSecret, remainingMs, serve } = startLambda('migrate', env, process.env);
const aurora = { variables: env, environment: process.env, clock, remainingMs, resumeBudgetMs: env.WAKE_TIMEOUT_MS };
const db = openAurora(aurora)(env.DATABASE_SECRET_ARN);
const client = new SecretsManagerClient(awsClientOptions('secrets_manager', process.env));
const secretsOf = (secretArn: string) =>
  createSecretsManagerSecrets({ client, secretArn, clock, maxAgeMs: 0, onRead: hideSecret });
const { app, state, reader } = env.DATABASE_USER_SECRETS;

export const handler = serve(
  createHandler({
    schema: mysqlSchemaOwner(db, () => migrateLocked(db, { clock, holder: ids.next() })),
    secretsOf: { app: secretsOf(app), state: secretsOf(state), reader: secretsOf(reader) },
    telemetry,
  }),
);
