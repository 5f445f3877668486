/**
 * A decimal of the database in its shortest digits, as core spells numbers: `0.100000000000000000` → `0.1`, `-0.000` → `0`.
 * MySQL pads to the scale of the column and SQLite keeps what was written, so both dialects read money through this.
 */
export function shortestDecimal(text: string): string {
  if (!text.includes('.')) return text === '-0' ? '0' : text;
  let end = text.length;
  while (text[end - 1] === '0') end -= 1;
  if (text[end - 1] === '.') end -= 1;
  const short = text.slice(0, end);
  return short === '-0' || short === '' || short === '-' ? '0' : short;
}
