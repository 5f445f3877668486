import { createConnection } from 'mysql2/promise';

/** Makes the database that Aurora would have made with the cluster. */
export async function createDatabase(
  server: { readonly socketPath: string; readonly user: string; readonly password: string },
  name: string,
): Promise<void> {
  const connection = await createConnection(server);
  try {
    await connection.query('create database if not exists ??', [name]);
  } finally {
    await connection.end();
  }
}
