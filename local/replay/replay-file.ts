import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { csvFormat, parseCsvLine } from '#local/exchange-simulator/prices/csv-bar.ts';
import { LineReader } from '#local/exchange-simulator/prices/line-reader.ts';
import { SECOND_MS } from '#shared/core/time.ts';
import type { ReplayOptions } from '../start-options.ts';
import { UserError } from '../user-error.ts';
import { type FileQuality, QualityWatch } from './file-quality.ts';

/** What a file offers to a replay: its readable bars and the span of market time that will be replayed. */
export interface ReplayFile {
  readonly path: string;
  readonly sha256: string;
  /** Bars that will trade. */
  readonly bars: number;
  readonly quality: FileQuality;
  /** Time of the first and of the last trade. */
  readonly startMs: number;
  readonly endMs: number;
}

/** The file cannot be replayed; the message says why, in a sentence. */
export class ReplayFileError extends UserError {
  override readonly name = 'ReplayFileError';
  /** For programs. */
  readonly code: 'unusable-file' | 'mostly-refused';
  constructor(message: string, code: ReplayFileError['code'] = 'unusable-file') {
    super(message);
    this.code = code;
  }
}

/** First bytes of what has to be unpacked first. */
const PACKED: readonly (readonly [name: string, bytes: string, unpack: string])[] = [
  ['gzip', '1f8b', 'gunzip -k'],
  ['zip', '504b0304', 'unzip'],
];

/** A bar's last price trades at its 59th second. */
const LAST_TRADE_MS = 59 * SECOND_MS;
const CHUNK_BYTES = 1_048_576;

/** Reads the file once, in constant memory. Throws {@link ReplayFileError} when it holds nothing to replay. */
export function inspectReplayFile(options: Pick<ReplayOptions, 'file' | 'fromMs' | 'durationMs'>): ReplayFile {
  const { file: path, fromMs, durationMs } = options;
  const sha256 = hashOf(path);
  const packed = PACKED.find(([, bytes]) => firstBytes(path).startsWith(bytes));
  if (packed) throw new ReplayFileError(`${path} is packed with ${packed[0]}: unpack it first (${packed[2]} ${path})`);
  const reader = new LineReader(path);
  const watch = new QualityWatch();
  try {
    const first = reader.next();
    if (first === null) throw new ReplayFileError(`${path} is empty`);
    const format = csvFormat(first.text);
    if (format === null) {
      const seen = JSON.stringify(first.text.slice(0, 80));
      throw new ReplayFileError(
        `${path} is neither a timestamp,open,high,low,close,volume file nor a Binance kline file: its first line is ${seen}`,
      );
    }
    let bars = 0;
    let startMs = Number.NaN;
    let lastOpenMs = Number.NEGATIVE_INFINITY;
    let lastSeenMs = Number.NEGATIVE_INFINITY;
    let refused: string | null = null;
    for (let line: typeof first | null = first; line !== null; line = reader.next()) {
      const parsed = line.truncated ? null : parseCsvLine(line.text, format);
      const isLate = parsed?.kind === 'bar' && parsed.bar.openTimeMs <= lastSeenMs;
      if (parsed?.kind === 'bar') lastSeenMs = Math.max(lastSeenMs, parsed.bar.openTimeMs);
      if (parsed === null || parsed.kind === 'refused' || isLate) watch.refused();
      if (isLate) refused ??= `out-of-order: ${JSON.stringify(line.text.slice(0, 80))}`;
      if (parsed?.kind === 'refused') refused ??= `${parsed.code}: ${JSON.stringify(line.text.slice(0, 80))}`;
      if (parsed?.kind !== 'bar' || parsed.bar.openTimeMs <= lastOpenMs) continue;
      const { openTimeMs } = parsed.bar;
      if (fromMs !== null && openTimeMs < fromMs) continue;
      if (bars === 0) startMs = openTimeMs;
      else if (durationMs !== null && openTimeMs > startMs + durationMs) break;
      lastOpenMs = openTimeMs;
      bars += 1;
      watch.bar(parsed.bar);
    }
    if (bars === 0) {
      const since = fromMs === null ? '' : ` at or after ${new Date(fromMs).toISOString()}`;
      throw new ReplayFileError(
        `${path} has no readable bar${since}${refused === null ? '' : `; the first line refused, ${refused}`}`,
      );
    }
    const quality = watch.quality();
    if (quality.refusedLines > bars) {
      throw new ReplayFileError(
        `${path}: ${quality.refusedLines} lines are refused and ${bars} are readable; the first one refused, ${refused}. Newest first? Sort it by time.`,
        'mostly-refused',
      );
    }
    const fileEndMs = lastOpenMs + LAST_TRADE_MS;
    const endMs = durationMs === null ? fileEndMs : Math.min(fileEndMs, startMs + durationMs);
    return { path, sha256, bars, startMs, endMs, quality };
  } finally {
    reader.close();
  }
}

/** As hex; the file is known to be readable. */
function firstBytes(path: string): string {
  const descriptor = openSync(path, 'r');
  try {
    const head = Buffer.alloc(4);
    return head.subarray(0, readSync(descriptor, head)).toString('hex');
  } finally {
    closeSync(descriptor);
  }
}

function hashOf(path: string): string {
  let descriptor: number;
  try {
    if (!statSync(path).isFile()) throw new ReplayFileError(`${path} is not a file`);
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (error instanceof ReplayFileError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ReplayFileError(code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read: ${message}`);
  }
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  try {
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      hash.update(chunk.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}
