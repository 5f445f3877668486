import type { FieldPacket, ResultSetHeader } from 'mysql2';
import type { PoolConnection } from 'mysql2/promise';
import * as z from 'zod';
import type { Clock } from '#shared/ports/clock.ts';
import { badRequest, DataApiFailure, invalid, mysqlFailure } from './data-api-failure.ts';
import { parameterSchema, withLiterals } from './parameter-literals.ts';
import { encodeResult, rawNumber } from './result-fields.ts';
import type { Sessions, Target } from './sessions.ts';
import { type StatementParts, splitStatement } from './statement-text.ts';

const SQL_LENGTH_MAX = 65_536;
const RESPONSE_BYTES_MAX = 1_048_576;
const FORMATTED_BYTES_MAX = 10_485_760;

const arn = z.string().min(11).max(100);
const target = {
  resourceArn: arn,
  secretArn: arn,
  database: z.string().max(64).optional(),
  schema: z.string().optional(),
};
const sql = z.string().max(SQL_LENGTH_MAX);
const executeSchema = z.looseObject({
  ...target,
  sql,
  parameters: z.array(parameterSchema).optional(),
  transactionId: z.string().max(192).optional(),
  includeResultMetadata: z.boolean().optional(),
  continueAfterTimeout: z.boolean().optional(),
  resultSetOptions: z
    .strictObject({
      decimalReturnType: z.enum(['STRING', 'DOUBLE_OR_LONG']).optional(),
      longReturnType: z.enum(['STRING', 'LONG']).optional(),
    })
    .optional(),
  formatRecordsAs: z.enum(['NONE', 'JSON']).optional(),
});
const batchSchema = z.looseObject({
  ...target,
  sql,
  // As many as a request holds: https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_BatchExecuteStatement.html
  parameterSets: z.array(z.array(parameterSchema)).optional(),
  transactionId: z.string().max(192).optional(),
});
const beginSchema = z.looseObject(target);
const endSchema = z.looseObject({ resourceArn: arn, secretArn: arn, transactionId: z.string().max(192) });

export interface OperationsOptions {
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly statementTimeoutMs: number;
  /** The only cluster there is; null takes any. */
  readonly resourceArn: string | null;
}

type Operation = (options: OperationsOptions, body: unknown) => Promise<unknown>;

/** By path. Each answers the body of a response or throws a DataApiFailure. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  '/Execute': execute,
  '/BatchExecute': batchExecute,
  '/BeginTransaction': begin,
  '/CommitTransaction': (options, body) => end(options, body, 'commit', 'Transaction Committed'),
  '/RollbackTransaction': (options, body) => end(options, body, 'rollback', 'Rollback Complete'),
};

type ExecuteRequest = z.infer<typeof executeSchema>;

async function execute(options: OperationsOptions, body: unknown): Promise<unknown> {
  const request = parsed(executeSchema, body);
  const on = targetOf(options, request);
  const text = withLiterals(splitStatement(request.sql), request.parameters ?? []);
  const run = async (connection: PoolConnection) => {
    const answer = await query(options, connection, text, request.continueAfterTimeout ?? false);
    return 'header' in answer ? written(answer.header) : read(answer, request);
  };
  return request.transactionId === undefined
    ? options.sessions.alone(on, run)
    : options.sessions.within(request.transactionId, on, run);
}

async function batchExecute(options: OperationsOptions, body: unknown): Promise<unknown> {
  const request = parsed(batchSchema, body);
  const on = targetOf(options, request);
  const parts = splitStatement(request.sql);
  if (/;\s*$/.test(request.sql)) throw badRequest('A batch statement must not end with a semicolon.');
  const sets = request.parameterSets ?? [];
  const run = async (connection: PoolConnection) => ({
    updateResults: await batch(options, connection, parts, sets.length === 0 ? [[]] : sets),
  });
  if (request.transactionId !== undefined) {
    return options.sessions.within(request.transactionId, on, run);
  }
  return options.sessions.alone(on, async (connection) => {
    await connection.query('start transaction');
    try {
      const answer = await run(connection);
      await connection.query('commit');
      return answer;
    } catch (error) {
      await connection.query('rollback');
      throw error;
    }
  });
}

async function batch(
  options: OperationsOptions,
  connection: PoolConnection,
  parts: StatementParts,
  sets: readonly z.infer<typeof parameterSchema>[][],
): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const parameters of sets) {
    const answer = await query(options, connection, withLiterals(parts, parameters), false);
    if (!('header' in answer)) throw badRequest('A batch takes no statement that returns records.');
    results.push({ generatedFields: generated(answer.header) });
  }
  return results;
}

async function begin(options: OperationsOptions, body: unknown): Promise<unknown> {
  const request = parsed(beginSchema, body);
  return { transactionId: await options.sessions.begin(targetOf(options, request)) };
}

async function end(options: OperationsOptions, body: unknown, how: 'commit' | 'rollback', status: string) {
  const request = parsed(endSchema, body);
  targetOf(options, request);
  await options.sessions.end(request.transactionId, request.secretArn, how);
  return { transactionStatus: status };
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`1 validation error detected: ${issue?.path.join('.')}: ${issue?.message}`);
}

function targetOf(
  options: OperationsOptions,
  request: { resourceArn: string; secretArn: string; database?: string | undefined; schema?: string | undefined },
): Target {
  if (request.schema !== undefined) throw invalid("The schema parameter isn't supported");
  if (options.resourceArn !== null && request.resourceArn !== options.resourceArn) {
    throw new DataApiFailure(404, 'DatabaseNotFoundException', `DbCluster ${request.resourceArn} is not found`);
  }
  return { secretArn: request.secretArn, database: request.database ?? null };
}

interface Rows {
  readonly rows: (Buffer | null)[][];
  readonly fields: readonly FieldPacket[];
}

/** Ends a statement that runs for too long, unless it may go on; its caller hears of it either way. */
async function query(
  options: OperationsOptions,
  connection: PoolConnection,
  text: string,
  mayContinue: boolean,
): Promise<Rows | { readonly header: ResultSetHeader }> {
  const late = Promise.withResolvers<never>();
  const timer = options.clock.setTimer(options.statementTimeoutMs, () =>
    late.reject(
      new DataApiFailure(400, 'StatementTimeoutException', 'Statement timed out.', {
        dbConnectionId: connection.threadId,
      }),
    ),
  );
  const answer = connection.query<never>({ sql: text, rowsAsArray: true, typeCast: (field) => field.buffer() });
  try {
    const [rows, fields] = (await Promise.race([answer, late.promise])) as [unknown, FieldPacket[] | undefined];
    return Array.isArray(rows) ? { rows, fields: fields ?? [] } : { header: rows as ResultSetHeader };
  } catch (error) {
    if (error instanceof DataApiFailure) {
      answer.catch(() => {});
      // Going on: the session is back when its statement is through.
      if (mayContinue) await answer.catch(() => {});
      else connection.destroy();
    }
    throw mysqlFailure(error);
  } finally {
    timer.cancel();
  }
}

function read({ rows, fields }: Rows, request: ExecuteRequest): unknown {
  const result = encodeResult(rows, fields, request.resultSetOptions ?? {});
  const answer: Record<string, unknown> = { generatedFields: [], numberOfRecordsUpdated: 0 };
  if (request.formatRecordsAs === 'JSON') {
    answer.formattedRecords = result.labelled();
    if (Buffer.byteLength(String(answer.formattedRecords)) > FORMATTED_BYTES_MAX) throw tooLarge();
    return answer;
  }
  answer.records = result.records;
  if (request.includeResultMetadata) answer.columnMetadata = result.columnMetadata;
  if (Buffer.byteLength(JSON.stringify(answer)) > RESPONSE_BYTES_MAX) throw tooLarge();
  return answer;
}

const tooLarge = () => badRequest('Database returned more than the allowed response size limit');

const written = (header: ResultSetHeader): unknown => ({
  generatedFields: generated(header),
  numberOfRecordsUpdated: header.affectedRows,
});

/** Text where a number would lose digits. */
const generated = ({ insertId }: { readonly insertId: number | string }): unknown[] =>
  Number(insertId) > 0 ? [{ longValue: rawNumber(String(insertId)) }] : [];
