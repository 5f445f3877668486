import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { Kysely, MysqlAdapter } from 'kysely';
import { loadConfig } from '#config/load.ts';
import { runReplay } from '#local/replay/run-replay.ts';
import { parseStartOptions } from '#local/start-options.ts';
import { StateDirectory } from '#local/state-directory.ts';
import { createTerminal } from '#local/terminal.ts';
import { settlePromises } from '#local/virtual-time/virtual-clock.ts';
import { dataApiDialect } from '#shared/adapters/sql/data-api/data-api-dialect.ts';
import type { Database } from '#shared/adapters/sql/database.ts';
import { migrate } from '#shared/adapters/sql/migrate.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { keepAliveFetch } from '#shared/adapters/system/keep-alive-fetch.ts';
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

/** Statements on their way: market time waits for them. */
const underWay = new Set<Promise<unknown>>();

async function quiesce(): Promise<void> {
  for (;;) {
    await settlePromises();
    if (underWay.size === 0) return;
    await Promise.allSettled(underWay);
  }
}

/** The SDK's HTTP, without timers of its own: they would be in market time. */
function handlerOver(url: string) {
  const { fetch, close } = keepAliveFetch({ socketsMax: 1 });
  const handle = async (request: SdkRequest) => {
    const { host: _host, 'content-length': _length, ...headers } = request.headers;
    const reply = await fetch(`${url}${request.path}`, { method: request.method, headers, body: request.body ?? '' });
    const names = ['content-type', 'x-amzn-errortype'];
    const known = names.flatMap((name) => {
      const value = reply.headers.get(name);
      return value === null ? [] : [[name, value]];
    });
    const body = Buffer.from(await reply.text());
    return { response: { statusCode: reply.status, headers: Object.fromEntries(known), body } };
  };
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    handle: (request: SdkRequest) => {
      const call = handle(request);
      underWay.add(call);
      return call.finally(() => underWay.delete(call));
    },
    destroy: close,
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}

async function openDb(url: string, database: string): Promise<Db> {
  const client = new RDSDataClient({
    endpoint: url,
    region: 'ap-northeast-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: handlerOver(url) as never,
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
  openDb: () => openDb(url, database),
  quiesce,
});
