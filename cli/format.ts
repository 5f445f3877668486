export type Paint = 'red' | 'green' | 'yellow' | 'grey' | 'bold';

const CODES: Readonly<Record<Paint, number>> = { red: 31, green: 32, yellow: 33, grey: 90, bold: 1 };
const ESCAPE = '\u001b';
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is measured here.
const COLOR = /\u001b\[\d+m/g;

export const painter = (color: boolean) => (text: string, paint: Paint) =>
  color ? `${ESCAPE}[${CODES[paint]}m${text}${ESCAPE}[0m` : text;

/** Control characters of other people's words must not drive a terminal. */
export const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out.
  text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, ' ');

const width = (cell: string): number => cell.replace(COLOR, '').length;
const isNumber = (cell: string): boolean => /^[-+]?[\d.,]+%?$/.test(cell.replace(COLOR, '').trim());

/** Columns aligned to their widest cell; columns of numbers to the right. Cells may be coloured. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '(none)';
  const right = header.map((_, i) => rows.some((r) => isNumber(r[i] ?? '')) && rows.every((r) => numeric(r[i] ?? '')));
  const widths = header.map((title, i) => Math.max(width(title), ...rows.map((row) => width(row[i] ?? ''))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => {
        const pad = ' '.repeat(Math.max(0, widths[i]! - width(cell)));
        return right[i] ? pad + cell : cell + pad;
      })
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map((row) => line(header.map((_, i) => row[i] ?? '')))].join('\n');
}

const numeric = (cell: string): boolean => cell === '' || cell === '-' || isNumber(cell);

/** `0.4 s`, `37 s`, `5 min`, `3 h`, `2 d`. */
export function ageText(ageMs: number): string {
  const seconds = ageMs / 1000;
  if (Math.abs(seconds) < 10) return `${seconds.toFixed(1)} s`;
  if (Math.abs(seconds) < 120) return `${Math.round(seconds)} s`;
  if (Math.abs(seconds) < 7200) return `${Math.round(seconds / 60)} min`;
  if (Math.abs(seconds) < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export const timeText = (atMs: number): string => new Date(atMs).toISOString().replace('T', ' ').slice(0, 19);
export const orDash = (value: string | number | null | undefined): string =>
  value === null || value === undefined || value === '' ? '-' : plain(String(value));
/** Quote units with two decimals, for reading; `--json` has them in full. */
export const moneyText = (value: string | null): string => (value === null ? '-' : Number(value).toFixed(2));
