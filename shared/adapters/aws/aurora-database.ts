import { RDSDataClient } from '@aws-sdk/client-rds-data';
import type { Clock } from '#shared/ports/clock.ts';
import { openDataApiDatabase } from '../sql/open-data-api-database.ts';
import type { Db } from '../sql/open-database.ts';
import { type AwsEnvironment, awsClientOptions } from './aws-endpoint.ts';

export interface AuroraVariables {
  readonly DATABASE_CLUSTER_ARN: string;
  readonly DATABASE_NAME: string;
}

export interface AuroraOptions {
  readonly variables: AuroraVariables;
  /** Of the process: where the Data API is. */
  readonly environment: AwsEnvironment;
  readonly clock: Clock;
  /** How long a paused database is waited for. */
  readonly resumeBudgetMs?: number;
  /** Of the invocation (lambda-process.ts): a function that waited to its end would be killed without a word. */
  readonly remainingMs: () => number;
}

/** The stage's database as the user of a secret: one client, one database handle for each user. */
export function openAurora({ variables, environment, clock, ...rest }: AuroraOptions): (secretArn: string) => Db {
  const client = new RDSDataClient(awsClientOptions('rds_data', environment));
  const shared = { client, resourceArn: variables.DATABASE_CLUSTER_ARN, database: variables.DATABASE_NAME, clock };
  return (secretArn) => openDataApiDatabase({ ...shared, ...rest, secretArn });
}
