import type { ColumnMetadata, Field } from '@aws-sdk/client-rds-data';
import { shortestDecimal } from '../stored-decimal.ts';

type Reader = (field: Field) => unknown;

/** What every statement asks for: a 64-bit integer as a JSON number would lose its last digits in the SDK. */
export const RESULT_OPTIONS = { decimalReturnType: 'STRING', longReturnType: 'STRING' } as const;

/**
 * The one place that decides how MySQL's values look to the platform: exactly as SQLite's do (sqlite-dialect.ts). Integers are
 * numbers, and so are decimals without a fraction, which is what MySQL makes of a sum of integers; other decimals are text in
 * their shortest digits; all other text is text. Throws for an integer beyond 2^53.
 */
export function resultRows(
  records: readonly (readonly Field[])[],
  columns: readonly ColumnMetadata[],
): Record<string, unknown>[] {
  const names = columns.map((column) => column.label ?? column.name ?? '');
  const readers = columns.map(readerOf);
  return records.map((record) => {
    const row: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) {
      const field = record[i]!;
      row[names[i]!] = field.isNull === true ? null : readers[i]!(field);
    }
    return row;
  });
}

function readerOf(column: ColumnMetadata): Reader {
  const type = (column.typeName ?? '').toUpperCase();
  if (/^(TINY|SMALL|MEDIUM|BIG)?INT/.test(type)) return (field) => integer(column, plainValue(field));
  if (/^(DECIMAL|NUMERIC)/.test(type)) {
    return column.scale === 0
      ? (field) => integer(column, plainValue(field))
      : (field) => shortestDecimal(String(plainValue(field)));
  }
  return plainValue;
}

const plainValue: Reader = (field) =>
  field.stringValue ?? field.longValue ?? field.doubleValue ?? toBit(field.booleanValue) ?? field.blobValue ?? null;

/** SQLite has no booleans: a TINYINT(1) is 0 or 1 on both. */
const toBit = (value: boolean | undefined): number | undefined => (value === undefined ? undefined : Number(value));

function integer(column: ColumnMetadata, value: unknown): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${column.label}: ${String(value)} is no integer below 2^53`);
  return number;
}
