type Cell = string | number | boolean | null;

/** Rows as RFC 4180 has them, with a header. A text that a spreadsheet would run as a formula gets an apostrophe before it. */
export function csvOf<T>(columns: readonly (readonly [string, (row: T) => Cell])[], rows: readonly T[]): string {
  const line = (cells: readonly Cell[]) => cells.map(cellOf).join(',');
  return [line(columns.map(([name]) => name)), ...rows.map((row) => line(columns.map(([, of]) => of(row))))].join(
    '\r\n',
  );
}

function cellOf(value: Cell): string {
  const text = value === null ? '' : String(value);
  const isFormula = /^[=+@\t\r]|^-(?![\d.])/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
