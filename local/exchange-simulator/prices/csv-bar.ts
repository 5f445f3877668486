/** One bar of a file: open time in epoch ms, prices as numbers, volume in base units. */
export interface CsvBar {
  readonly openTimeMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

export type CsvLine =
  | { readonly kind: 'bar'; readonly bar: CsvBar }
  | { readonly kind: 'skip' }
  | { readonly kind: 'refused'; readonly code: CsvRefusalCode };

export type CsvRefusalCode =
  | 'columns'
  | 'time'
  | 'number'
  | 'price-order'
  | 'not-positive'
  | 'too-long'
  | 'out-of-order'
  | 'duplicate';

/** `own`: timestamp,open,high,low,close,volume with UTC text time and volume in quote. `kline`: the Binance archive. */
export type CsvFormat = 'own' | 'kline';

const TEXT_TIME = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?Z?$/;
const NUMBER = /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Which format a first line belongs to; null when it is neither. */
export function csvFormat(firstLine: string): CsvFormat | null {
  const fields = firstLine.split(',');
  if (fields.length === 6 && (fields[0] === 'timestamp' || TEXT_TIME.test(fields[0] as string))) return 'own';
  if (fields.length >= 11 && (fields[0] === 'open_time' || /^\d{11,17}$/.test(fields[0] as string))) return 'kline';
  return null;
}

/** Header rows and blank lines are skipped wherever they are; everything else is a bar or a coded refusal. */
export function parseCsvLine(line: string, format: CsvFormat): CsvLine {
  if (line.trim() === '') return { kind: 'skip' };
  const fields = line.split(',').map((field) => field.trim());
  if (fields[0] === 'timestamp' || fields[0] === 'open_time') return { kind: 'skip' };
  if (format === 'own' ? fields.length !== 6 : fields.length < 11) return { kind: 'refused', code: 'columns' };
  const openTimeMs = format === 'own' ? textTimeMs(fields[0] as string) : numericTimeMs(fields[0] as string);
  if (openTimeMs === null) return { kind: 'refused', code: 'time' };
  if (fields.slice(1, 6).some((field) => !NUMBER.test(field))) return { kind: 'refused', code: 'number' };
  const [open, high, low, close, volume] = fields.slice(1, 6).map(Number) as [number, number, number, number, number];
  // A number may be too large to be one: 1e400.
  if (![open, high, low, close, volume].every(Number.isFinite)) return { kind: 'refused', code: 'number' };
  if (!(open > 0 && high > 0 && low > 0 && close > 0)) return { kind: 'refused', code: 'not-positive' };
  if (high < Math.max(open, close, low) || low > Math.min(open, close)) return { kind: 'refused', code: 'price-order' };
  // The project's own files hold the volume in quote units, the archive's sixth column is base units.
  const base = format === 'own' ? volume / ((open + close) / 2) : volume;
  return { kind: 'bar', bar: { openTimeMs, open, high, low, close, volume: base } };
}

/** UTC, whatever the machine's zone. */
function textTimeMs(text: string): number | null {
  const m = TEXT_TIME.exec(text);
  if (!m) return null;
  const [year, month, day, hour, minute, second] = m.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(ms);
  const real = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return real ? ms + Math.floor(Number((m[7] ?? '').padEnd(6, '0')) / 1000) : null;
}

/** Milliseconds, or microseconds as in spot files since 2025; told apart by magnitude. */
function numericTimeMs(text: string): number | null {
  if (!/^\d{1,17}$/.test(text)) return null;
  const value = Number(text);
  if (value >= 1e11 && value < 1e14) return value;
  if (value >= 1e14 && value < 1e17) return Math.floor(value / 1000);
  return null;
}
