import type { SqlParameter } from '@aws-sdk/client-rds-data';
import { Decimal, decimalText } from '#shared/core/decimal.ts';

/** The Data API takes `YYYY-MM-DD HH:MM:SS.FFF`; with `T` and `Z` MySQL refuses it. */
const timestampText = (date: Date): string => date.toISOString().replace('T', ' ').replace('Z', '');

/**
 * One parameter of a statement. Whole numbers up to 2^53 travel as longs; larger ones as text, which MySQL converts exactly.
 * A `Decimal` and a `Date` (UTC) get their type hint; money that is already text needs none. Throws for what has no SQL value.
 */
export function sqlParameter(name: string, value: unknown): SqlParameter {
  switch (typeof value) {
    case 'string':
      return { name, value: { stringValue: value } };
    case 'boolean':
      return { name, value: { booleanValue: value } };
    case 'bigint':
      return isSafe(value)
        ? { name, value: { longValue: Number(value) } }
        : { name, value: { stringValue: String(value) } };
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`parameter ${name} is ${value}, which SQL does not know`);
      return Number.isSafeInteger(value)
        ? { name, value: { longValue: value } }
        : { name, value: { doubleValue: value } };
  }
  if (value === null || value === undefined) return { name, value: { isNull: true } };
  if (value instanceof Decimal) return { name, value: { stringValue: decimalText(value) }, typeHint: 'DECIMAL' };
  if (value instanceof Date) return { name, value: { stringValue: timestampText(value) }, typeHint: 'TIMESTAMP' };
  if (value instanceof Uint8Array) return { name, value: { blobValue: value } };
  throw new TypeError(`parameter ${name} is of a type that SQL does not know`);
}

const isSafe = (value: bigint): boolean =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
