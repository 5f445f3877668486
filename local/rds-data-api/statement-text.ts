import { invalid } from './data-api-failure.ts';

/** A statement cut at its markers: `text[0] :names[0] text[1] …`. */
export interface StatementParts {
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

const isNameStart = (c: string): boolean => /[A-Za-z_]/.test(c);
const isName = (c: string): boolean => /[A-Za-z0-9_]/.test(c);

/**
 * Finds the `:name` markers of a statement, not those inside quotes and comments; `:=` is MySQL's assignment. Throws the
 * Data API's refusal of more than one statement; one semicolon at the end is let pass.
 */
export function splitStatement(sql: string): StatementParts {
  const texts: string[] = [];
  const names: string[] = [];
  let from = 0;
  let at = 0;
  while (at < sql.length) {
    const c = sql[at]!;
    if (c === "'" || c === '"' || c === '`') {
      at = afterQuote(sql, at, c);
    } else if (c === '#' || (c === '-' && sql[at + 1] === '-' && /^\s?$/.test(sql[at + 2] ?? ''))) {
      const end = sql.indexOf('\n', at);
      at = end < 0 ? sql.length : end;
    } else if (c === '/' && sql[at + 1] === '*') {
      const end = sql.indexOf('*/', at + 2);
      at = end < 0 ? sql.length : end + 2;
    } else if (c === ':' && isNameStart(sql[at + 1] ?? '')) {
      let end = at + 1;
      while (end < sql.length && isName(sql[end]!)) end += 1;
      texts.push(sql.slice(from, at));
      names.push(sql.slice(at + 1, end));
      from = at = end;
    } else if (c === ';' && sql.slice(at + 1).trim() !== '') {
      throw invalid("Multistatements aren't supported.");
    } else {
      at += 1;
    }
  }
  texts.push(sql.slice(from));
  return { texts, names };
}

function afterQuote(sql: string, start: number, quote: string): number {
  for (let at = start + 1; at < sql.length; at++) {
    // A doubled quote ends one string and begins the next: the same for our purpose.
    if (sql[at] === '\\' && quote !== '`') at += 1;
    else if (sql[at] === quote) return at + 1;
  }
  return sql.length;
}
