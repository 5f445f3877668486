import { SqliteAdapter } from 'kysely';

/** Of one JSON parameter: inside the Data API's request of 4 MiB. */
const PARAMETER_BYTES_MAX = 4_000_000;

/** Bytes of a row where it travels: JSON text inside the JSON of the rows, as text in the JSON of a request, in UTF-8. */
const bytesOnTheWire = (row: unknown): number => Buffer.byteLength(JSON.stringify(JSON.stringify(row)));

/**
 * Rows for one statement each: all of them on SQLite, which takes any size; on MySQL as many as a request holds. No rows are one
 * empty chunk. A row that is too large for any request is alone in its chunk, and refused by the dialect.
 */
export function inRequests<Row>(
  db: { getExecutor(): { adapter: unknown } },
  rows: readonly Row[],
  bytesMax = PARAMETER_BYTES_MAX,
): readonly (readonly Row[])[] {
  if (rows.length <= 1 || db.getExecutor().adapter instanceof SqliteAdapter) return [rows];
  const chunks: Row[][] = [[]];
  let bytes = 0;
  for (const row of rows) {
    const size = bytesOnTheWire(row);
    if (bytes + size > bytesMax && bytes > 0) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)!.push(row);
    bytes += size;
  }
  return chunks;
}
