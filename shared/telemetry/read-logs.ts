import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { LogLevel } from '#shared/ports/telemetry.ts';
import { rotatedPath } from './log-file.ts';

export interface LogRecord {
  readonly t: number;
  readonly at: string;
  readonly level: LogLevel;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface LogFilter {
  /** This level and above. */
  readonly minLevel?: LogLevel;
  /** Events that begin with this: `order.`. */
  readonly eventPrefix?: string;
  readonly sinceMs?: number;
  /** Only lines that hold this text, in any case: a correlation id, a symbol. */
  readonly contains?: string;
  /** The newest so many, 1–100,000. */
  readonly limit: number;
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const FILES_MAX = 100;

/** The newest records of a log that match, oldest first, over its turned-over files; a torn line is counted, not shown. */
export async function readLogs(
  path: string,
  filter: LogFilter,
): Promise<{ readonly records: readonly LogRecord[]; readonly unreadableLines: number }> {
  const limit = Math.min(Math.max(1, Math.floor(filter.limit)), 100_000);
  const wanted = filter.contains?.toLowerCase();
  let records: LogRecord[] = [];
  let unreadableLines = 0;
  for (let n = FILES_MAX; n >= 0; n -= 1) {
    const file = rotatedPath(path, n);
    if (!existsSync(file)) continue;
    for await (const line of createInterface({
      input: createReadStream(file, 'utf8'),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      if (line === '' || (wanted !== undefined && !line.toLowerCase().includes(wanted))) continue;
      const record = parseRecord(line);
      if (record === null) unreadableLines += 1;
      else if (matches(record, filter)) records.push(record);
      if (records.length >= 2 * limit) records = records.slice(-limit);
    }
  }
  return { records: records.slice(-limit), unreadableLines };
}

/** A record of ours, or null for any other line. */
export function parseRecord(line: string): LogRecord | null {
  try {
    const value = JSON.parse(line) as LogRecord | null;
    const good = typeof value?.t === 'number' && typeof value.event === 'string' && LEVELS.includes(value.level);
    return good ? value : null;
  } catch {
    return null;
  }
}

export const matches = (record: LogRecord, filter: LogFilter): boolean =>
  LEVELS.indexOf(record.level) >= LEVELS.indexOf(filter.minLevel ?? 'debug') &&
  record.event.startsWith(filter.eventPrefix ?? '') &&
  record.t >= (filter.sinceMs ?? 0);
