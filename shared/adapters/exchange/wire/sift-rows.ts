import * as z from 'zod';
import { type Listed, type OddList, type OddRow, oddRow } from '#shared/core/odd-row.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What a row says of itself, as far as that can be read. */
export type RowLabel = Pick<OddRow, 'symbol' | 'venueTimeMs' | 'amountQuote'> & { readonly key: string | null };

export interface RowReader<T> {
  readonly list: OddList;
  /** Null: the row is none of ours. Throws ZodError or RangeError for an odd one. */
  readonly read: (row: unknown) => T | null;
  readonly label: (row: Fields) => RowLabel;
}

/** Reads a list row by row: one that is odd takes no other with it. */
export function siftRows<T>(rows: readonly unknown[], { list, read, label }: RowReader<T>): Listed<T> {
  const good: T[] = [];
  const odd: OddRow[] = [];
  for (const row of rows) {
    try {
      const value = read(row);
      if (value !== null) good.push(value);
    } catch (error) {
      odd.push(oddRow({ list, row, why: whyOdd(error), ...label(fieldsOf(row)) }));
    }
  }
  return { rows: good, odd };
}

function whyOdd(error: unknown): string {
  if (error instanceof RangeError) return error.message;
  if (!(error instanceof z.ZodError)) throw error;
  const issue = error.issues[0];
  return `${issue?.path.join('.') || 'row'}: ${issue?.message ?? 'unreadable'}`;
}

/** The fields of an object; of anything else there are none. */
export const fieldsOf = (row: unknown): Fields => (typeof row === 'object' && row !== null ? (row as Fields) : {});

/** Epoch milliseconds before 2100, or null. */
export const timeOf = (value: unknown): number | null =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 4_102_444_800_000
    ? (value as number)
    : null;

/** The parts of a name, when all are there. */
export const keyOf = (...parts: readonly unknown[]): string | null =>
  parts.every((part) => typeof part === 'string' || typeof part === 'number') ? parts.join(':') : null;
