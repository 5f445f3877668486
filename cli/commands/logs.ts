import { join } from 'node:path';
import type { LogLevel } from '#shared/ports/telemetry.ts';
import { type LogRecord, readLogs } from '#shared/telemetry/read-logs.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { plain, timeText } from '../format.ts';

export interface LogOptions {
  readonly level?: LogLevel;
  readonly event?: string;
  readonly contains?: string;
  /** Milliseconds before now. */
  readonly since?: number;
  readonly limit: number;
}

/** `3t logs`: reads the log files of the state folder; needs no running platform. One JSON object a line with `--json`. */
export async function logs(ctx: CommandContext, options: LogOptions): Promise<ExitCode> {
  const { records, unreadableLines } = await readLogs(join(ctx.stateDir, 'logs', 'platform.jsonl'), {
    limit: options.limit,
    ...(options.level === undefined ? {} : { minLevel: options.level }),
    ...(options.event === undefined ? {} : { eventPrefix: options.event }),
    ...(options.contains === undefined ? {} : { contains: options.contains }),
    ...(options.since === undefined ? {} : { sinceMs: ctx.io.nowMs() - options.since }),
  });
  for (const record of records) ctx.io.out(ctx.json ? JSON.stringify(record) : lineOf(ctx, record));
  if (records.length === 0) ctx.io.err('no log records match');
  if (unreadableLines > 0) ctx.io.err(`${unreadableLines} line(s) could not be read`);
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
