import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { Kysely, MysqlAdapter } from 'kysely';
import { loadConfig } from '#config/load.ts';
import { LoopbackClient } from '#local/replay/loopback-client.ts';
import type { ReplayNetwork } from '#local/replay/replay-network.ts';
import { runReplay } from '#local/replay/run-replay.ts';
import { parseStartOptions } from '#local/start-options.ts';
import { StateDirectory } from '#local/state-directory.ts';
import { createTerminal } from '#local/terminal.ts';
import { dataApiDialect } from '#shared/adapters/sql/data-api/data-api-dialect.ts';
import type { Database } from '#shared/adapters/sql/database.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';

/*
 * `npm start -- --replay …` on MySQL: a process of its own, because a replay owns its process's clock.
 *   node test/support/replay-on-mysql.ts <URL of the Data API> <database> --replay FILE …
 */

/** One connection, as SQLite has: a transaction that waited for another would stop market time, and with it the other. */
class OneConnection extends MysqlAdapter {
  override get supportsMultipleConnections(): boolean {
    return false;
  }
}

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** The SDK's HTTP through the replay's network, so that a statement comes in its turn and time waits for it. */
function handlerOver(network: ReplayNetwork, url: string) {
  const loopback = new LoopbackClient();
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: (request: SdkRequest) =>
      network.inOrder(async () => {
        const { host: _host, 'content-length': _length, ...headers } = request.headers;
        const reply = await loopback.fetch(`${url}${request.path}`, {
          method: request.method,
          headers,
          body: request.body ?? '',
        });
        const names = ['content-type', 'x-amzn-errortype'];
        const known = names.flatMap((name) => {
          const value = reply.headers.get(name);
          return value === null ? [] : [[name, value]];
        });
        return {
          response: {
            statusCode: reply.status,
            headers: Object.fromEntries(known),
            body: Buffer.from(await reply.text()),
          },
        };
      }),
    destroy: () => loopback.close(),
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}

async function openDb(network: ReplayNetwork, url: string, database: string): Promise<Db> {
  const client = new RDSDataClient({
    endpoint: url,
    region: 'ap-northeast-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: handlerOver(network, url) as never,
    streamCollector: async (body: unknown) => body as Uint8Array,
  });
  const arn = 'arn:aws:rds:ap-northeast-1:123456789012:cluster:replay';
  const dialect = dataApiDialect({ client, resourceArn: arn, secretArn: arn, database, clock: systemClock });
  const db = new Kysely<Database>({ dialect: { ...dialect, createAdapter: () => new OneConnection() } });
  await migrate(db as Kysely<unknown>);
  return db;
}

const [url = '', database = '', ...rest] = process.argv.slice(2);
const options = parseStartOptions(rest);
const { config } = loadConfig({ stage: options.stage, overrides: options.overrides });
process.exitCode = await runReplay({
  options,
  replay: options.replay!,
  config,
  state: new StateDirectory(options.state ?? config.state_dir),
  terminal: createTerminal({ quiet: options.quiet, stream: process.stderr }),
  openDb: (network) => openDb(network, url, database),
});
