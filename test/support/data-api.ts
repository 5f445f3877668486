import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { type Connection, createConnection } from 'mysql2/promise';
import { inject } from 'vitest';
import { type RdsDataApi, type RdsDataApiOptions, startRdsDataApi } from '#local/rds-data-api/rds-data-api.ts';

export const RESOURCE_ARN = 'arn:aws:rds:ap-northeast-1:123456789012:cluster:tests';
export const SECRET_ARN = 'arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:tests';

export const mariadbSocket = inject('mariadbSocket');
/** For `describe.skipIf`; the setup has said why (mariadb-setup.ts). */
export const noMariadb = mariadbSocket === null;

export interface DataApiUnderTest {
  readonly api: RdsDataApi;
  readonly client: RDSDataClient;
  /** The same server without the Data API. */
  readonly mysql: Connection;
  /** Makes a database of this name's own and returns its name. */
  newDatabase(): Promise<string>;
  /** Stops all of it. The databases go with their server. */
  end(): Promise<void>;
}

/** The emulator before the run's MariaDB, with the SDK's own client. */
export async function startDataApi(options: Partial<RdsDataApiOptions> = {}): Promise<DataApiUnderTest> {
  if (mariadbSocket === null) throw new Error('there is no MariaDB');
  const server = { socketPath: mariadbSocket };
  const api = await startRdsDataApi({ server, users: { user: 'root' }, ...options });
  const client = dataApiClient(api.url);
  const mysql = await createConnection({ ...server, user: 'root', multipleStatements: true });
  let databases = 0;
  return {
    api,
    client,
    mysql,
    newDatabase: async () => {
      const name = `t_${process.pid}_${api.port}_${databases++}`;
      await mysql.query('create database ??', [name]);
      return name;
    },
    end: async () => {
      client.destroy();
      await api.stop();
      await mysql.end();
    },
  };
}

export const dataApiClient = (endpoint: string): RDSDataClient =>
  new RDSDataClient({
    endpoint,
    // As in production: what may be repeated is the dialect's to know.
    maxAttempts: 1,
    region: 'ap-northeast-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
