import { readFileSync } from 'node:fs';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Command } from 'commander';
import { createConnection } from 'mysql2/promise';
import * as z from 'zod';
import { startPrivateMariadb } from '#local/mariadb/private-mariadb.ts';
import { awsClientOptions } from '#shared/adapters/aws/aws-endpoint.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { startRdsDataApi } from './rds-data-api.ts';
import { secretLogins } from './secret-logins.ts';

/** `{"<secret ARN>": {"user": …, "password": …}}` */
const usersSchema = z.record(z.string(), z.strictObject({ user: z.string(), password: z.string().default('') }));

interface Flags {
  readonly port: string;
  readonly host: string;
  readonly mysqlHost?: string;
  readonly mysqlPort: string;
  readonly user: string;
  readonly users?: string;
  readonly secretsManager: boolean;
  readonly database: string;
}

const flags = new Command('rds-data-api')
  .description('The RDS Data API in front of a MySQL, or of a private MariaDB that lives as long as this process.')
  .option('--port <n>', 'port; 0 takes any free one', '0')
  .option('--host <address>', 'address to listen on; 0.0.0.0 only inside a container', '127.0.0.1')
  .option('--mysql-host <host>', 'a running MySQL or MariaDB; without it a private one is started')
  .option('--mysql-port <n>', 'its port', '3306')
  .option('--user <name>', 'the database user of every secret; its password comes from MYSQL_PASSWORD', 'root')
  .option('--users <file>', 'JSON: a user and password for each secret ARN; other secrets are refused')
  .option('--secrets-manager', 'find the user of each secret in Secrets Manager, at AWS_ENDPOINT_URL', false)
  .option('--database <name>', 'made unless it exists', 'threet')
  .parse()
  .opts<Flags>();

const mariadb = flags.mysqlHost === undefined ? await startPrivateMariadb({ path: process.env.PATH ?? '' }) : null;
const server = mariadb ? { socketPath: mariadb.socketPath } : { host: flags.mysqlHost!, port: Number(flags.mysqlPort) };
const user = { user: flags.user, password: process.env.MYSQL_PASSWORD ?? '' };

const connection = await createConnection({ ...server, ...user });
await connection.query('create database if not exists ??', [flags.database]);
await connection.end();

const users = usersOf(flags);
const api = await startRdsDataApi({ server, users, port: Number(flags.port), host: flags.host });

function usersOf({ users: file, secretsManager }: Flags) {
  if (secretsManager) {
    return secretLogins(new SecretsManagerClient(awsClientOptions('secrets_manager', process.env)), systemClock);
  }
  return file === undefined ? user : usersSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

const stop = async (): Promise<void> => {
  await api.stop();
  await mariadb?.stop();
  process.exit(0);
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

/** One line for whoever started this process. */
const ready = { ready: true, url: api.url, database: flags.database, socketPath: mariadb?.socketPath ?? null };
process.stdout.write(`${JSON.stringify(ready)}\n`);
