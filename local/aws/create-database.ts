import { createConnection } from 'mysql2/promise';
import type { DatabaseUser } from '#local/rds-data-api/sessions.ts';

/** Those of the master user of an Aurora MySQL 3 that MariaDB knows too (AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.MasterAccounts.html). */
const MASTER_RIGHTS = [
  'ALTER',
  'ALTER ROUTINE',
  'CREATE',
  'CREATE ROUTINE',
  'CREATE TEMPORARY TABLES',
  'CREATE USER',
  'CREATE VIEW',
  'DELETE',
  'DROP',
  'EVENT',
  'EXECUTE',
  'INDEX',
  'INSERT',
  'LOCK TABLES',
  'PROCESS',
  'REFERENCES',
  'RELOAD',
  'REPLICATION CLIENT',
  'REPLICATION SLAVE',
  'SELECT',
  'SHOW DATABASES',
  'SHOW VIEW',
  'TRIGGER',
  'UPDATE',
];

/** Makes what Aurora would have made with the cluster: the database and its master user, who makes the other users. */
export async function createDatabase(
  server: { readonly socketPath: string; readonly user: string },
  name: string,
  master: DatabaseUser,
): Promise<void> {
  const connection = await createConnection(server);
  try {
    await connection.query('create database if not exists ??', [name]);
    await connection.query("create user ?@'%' identified by ?", [master.user, master.password ?? '']);
    await connection.query(`grant ${MASTER_RIGHTS.join(', ')} on *.* to ?@'%' with grant option`, [master.user]);
  } finally {
    await connection.end();
  }
}
