import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandOutput,
  type RDSDataClient,
  RollbackTransactionCommand,
} from '@aws-sdk/client-rds-data';
import type { Clock } from '#shared/ports/clock.ts';
import { DataApiError, dataApiError, gaveUpWaiting } from './data-api-error.ts';
import { nameParameters } from './named-parameters.ts';
import { sqlParameter } from './parameter-values.ts';
import { RESULT_OPTIONS } from './result-rows.ts';

const SQL_LENGTH_MAX = 65_536;
/** The Data API's limit on the body of a request, with room for the few fields beside text and parameters. */
const REQUEST_BYTES_MAX = 4_194_304 - 4096;
const RESUME_BUDGET_MS = 45_000;
const RESUME_WAITS_MS = [500, 1000, 2000, 3000, 5000];
/** Connections that a frozen process may have kept after the service closed them; each is found out by using it. */
const BROKEN_CONNECTIONS_MAX = 3;

export interface DataApiOptions {
  /** Its request timeout must be above the Data API's 45 s, or the SDK repeats a write that is still running. */
  readonly client: Pick<RDSDataClient, 'send'>;
  readonly resourceArn: string;
  readonly secretArn: string;
  readonly database: string;
  readonly clock: Clock;
  /** How long a paused database is waited for (default 45 s; it takes about 15, and 30 or more after a day). */
  readonly resumeBudgetMs?: number;
  /** Time that whoever waits has left, when it has an end: no wait goes beyond it. */
  readonly remainingMs?: () => number;
}

/** The calls that the dialect makes. Every failure is a DataApiError. A database that resumes is waited for, on the clock. */
export class DataApiCalls {
  readonly #options: DataApiOptions;
  readonly #target: { readonly resourceArn: string; readonly secretArn: string; readonly database: string };

  constructor(options: DataApiOptions) {
    this.#options = options;
    const { resourceArn, secretArn, database } = options;
    this.#target = { resourceArn, secretArn, database };
  }

  execute(
    text: string,
    values: readonly unknown[],
    transactionId: string | undefined,
  ): Promise<ExecuteStatementCommandOutput> {
    const named = nameParameters(text);
    if (named.count !== values.length) {
      throw new Error(`the statement has ${named.count} markers and ${values.length} values: ${text.slice(0, 200)}`);
    }
    if (named.text.length > SQL_LENGTH_MAX) {
      throw new DataApiError('request-too-large', `the statement is longer than ${SQL_LENGTH_MAX} characters`);
    }
    const parameters = values.map((value, i) => sqlParameter(`p${i + 1}`, value));
    refuseLargeRequest(values, named.text.length);
    const command = new ExecuteStatementCommand({
      ...this.#target,
      sql: named.text,
      parameters,
      ...(transactionId === undefined ? {} : { transactionId }),
      includeResultMetadata: true,
      resultSetOptions: RESULT_OPTIONS,
    });
    const changesNothing = transactionId === undefined && /^\s*select\b/i.test(named.text);
    return this.#whenAwake(() => this.#options.client.send(command), changesNothing);
  }

  async begin(): Promise<string> {
    const { transactionId } = await this.#whenAwake(
      () => this.#options.client.send(new BeginTransactionCommand(this.#target)),
      true,
    );
    if (transactionId === undefined) throw new DataApiError('service', 'a transaction began without an id');
    return transactionId;
  }

  async commit(transactionId: string): Promise<void> {
    const { resourceArn, secretArn } = this.#target;
    const command = new CommitTransactionCommand({ resourceArn, secretArn, transactionId });
    await this.#whenAwake(() => this.#options.client.send(command));
  }

  /**
   * Never throws: what is not committed never happens. A transaction that cannot be told keeps its locks until the Data API ends
   * it, three minutes after its last statement; the error that led here says more than this one.
   */
  async rollback(transactionId: string): Promise<void> {
    const { resourceArn, secretArn } = this.#target;
    const command = new RollbackTransactionCommand({ resourceArn, secretArn, transactionId });
    await this.#whenAwake(() => this.#options.client.send(command)).catch(() => {});
  }

  /**
   * The SDK does not retry a resuming database: it takes the answer for the caller's fault. Then, and when the service is busy,
   * nothing ran, so anything may be repeated. What changes nothing is repeated at once when its connection was dead, too: the first
   * call after a pause often meets one, and it is mostly a read or the beginning of a transaction. Nothing else is.
   */
  async #whenAwake<T>(call: () => Promise<T>, changesNothing = false): Promise<T> {
    const { clock, resumeBudgetMs = RESUME_BUDGET_MS, remainingMs = () => Number.POSITIVE_INFINITY } = this.#options;
    const beganMs = clock.nowMs();
    let broken = 0;
    for (let attempt = 0; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (changesNothing && isBrokenConnection(error) && broken < BROKEN_CONNECTIONS_MAX) {
          broken += 1;
          continue;
        }
        const failed = dataApiError(error);
        const waitMs = RESUME_WAITS_MS[Math.min(attempt - broken, RESUME_WAITS_MS.length - 1)]!;
        const ranNothing = failed.failure === 'resuming' || failed.failure === 'busy';
        if (!ranNothing) throw failed;
        const waitedMs = clock.nowMs() - beganMs;
        if (waitMs > Math.min(resumeBudgetMs - waitedMs, remainingMs())) {
          throw gaveUpWaiting(failed, waitedMs, attempt + 1 - broken);
        }
        await clock.sleep(waitMs);
      }
    }
  }
}

const isBrokenConnection = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE'].includes(String((error as { code?: unknown } | null)?.code));

/** Text is measured as it travels: quotes and line ends of JSON inside it are escaped once more. */
function refuseLargeRequest(values: readonly unknown[], textLength: number): void {
  let roughly = textLength;
  for (const value of values) roughly += typeof value === 'string' ? value.length : 64;
  // Escaping at most doubles text, except for control characters, which nothing here stores; UTF-8 at most triples it.
  if (roughly * 3 < REQUEST_BYTES_MAX) return;
  let bytes = textLength;
  for (const value of values) bytes += typeof value === 'string' ? Buffer.byteLength(JSON.stringify(value)) + 64 : 64;
  if (bytes > REQUEST_BYTES_MAX) {
    throw new DataApiError(
      'request-too-large',
      `a statement of ${bytes} bytes; the Data API takes ${REQUEST_BYTES_MAX}`,
    );
  }
}
