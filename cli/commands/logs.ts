import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { readStageLogs } from '#shared/adapters/aws/cloudwatch-log-reader.ts';
import type { LogLevel } from '#shared/ports/telemetry.ts';
import { type LogFilter, type LogRecord, readLogs } from '#shared/telemetry/read-logs.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { plain, timeText } from '../format.ts';
import { stageClientOptions, stageUnreachable } from '../stage-client.ts';

export interface LogOptions {
  readonly level?: LogLevel;
  readonly event?: string;
  readonly contains?: string;
  /** Milliseconds before now. */
  readonly since?: number;
  readonly limit: number;
}

/**
 * `3t logs`: reads the log files of the state folder, without a running platform, or the log groups of a deployed stage. One JSON
 * object a line with `--json`.
 */
export async function logs(ctx: CommandContext, options: LogOptions): Promise<ExitCode> {
  const filter: LogFilter = {
    limit: options.limit,
    ...(options.level === undefined ? {} : { minLevel: options.level }),
    ...(options.event === undefined ? {} : { eventPrefix: options.event }),
    ...(options.contains === undefined ? {} : { contains: options.contains }),
    ...(options.since === undefined ? {} : { sinceMs: ctx.io.nowMs() - options.since }),
  };
  if (ctx.deployed) return stageLogs(ctx, filter);
  const path = resolve(ctx.stateDir, 'logs', 'platform.jsonl');
  const { records, unreadableLines } = await readLogs(path, filter);
  for (const record of records) ctx.io.out(ctx.json ? JSON.stringify(record) : lineOf(ctx, record));
  if (records.length === 0) {
    // A folder that was spelt wrong must not look like a platform with nothing to say.
    ctx.io.err(
      existsSync(dirname(path)) ? 'no log records match' : `no log is in ${dirname(path)}: nothing ran there yet`,
    );
  }
  if (unreadableLines > 0) ctx.io.err(`${unreadableLines} line(s) could not be read`);
  return EXIT.ok;
}

async function stageLogs(ctx: CommandContext, filter: LogFilter): Promise<ExitCode> {
  const client = new CloudWatchLogsClient(stageClientOptions('cloudwatch_logs', ctx.stage, ctx.io));
  const { records, truncated } = await readStageLogs(client, ctx.stage, filter, ctx.io.nowMs()).catch(
    (error: unknown) => {
      throw stageUnreachable(ctx.stage, error instanceof Error ? error.message : String(error));
    },
  );
  for (const record of records) ctx.io.out(ctx.json ? JSON.stringify(record) : lineOf(ctx, record));
  if (records.length === 0) ctx.io.err('no log records match');
  if (truncated) ctx.io.err('there is more than was read; narrow it with --since');
  return EXIT.ok;
}

function lineOf({ paint }: CommandContext, record: LogRecord): string {
  const { t, at: _at, level, event, ...fields } = record;
  const rest = Object.entries(fields).map(([key, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${key}=${plain(text ?? '')}`;
  });
  const color = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'grey';
  return `${timeText(t)} ${paint(level.padEnd(5), color)} ${event} ${rest.join(' ')}`.trimEnd();
}
