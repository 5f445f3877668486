/** Quoted text, quoted identifiers and comments of MySQL; what does not end runs to the end of the text. */
const OPAQUE = [
  String.raw`'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)`,
  String.raw`"(?:[^"\\]|\\[\s\S]|"")*(?:"|$)`,
  '`(?:[^`]|``)*(?:`|$)',
  // Two dashes are a comment only before white space: `5--1` is six.
  String.raw`--(?=\s|$)[^\n]*`,
  String.raw`#[^\n]*`,
  String.raw`/\*[\s\S]*?(?:\*/|$)`,
].join('|');

const TOKEN = new RegExp(String.raw`${OPAQUE}|(\?)|(:[A-Za-z_])`, 'g');

export interface NamedText {
  readonly text: string;
  /** Markers found: `:p1` to `:p<count>`. */
  readonly count: number;
}

/**
 * Kysely's `?` markers as the Data API's `:p1`, `:p2`, …, outside quotes and comments. Throws for a `:name` of the caller's own:
 * the Data API would take it for a parameter.
 */
export function nameParameters(text: string): NamedText {
  let count = 0;
  const named = text.replace(TOKEN, (token, marker: string | undefined, foreign: string | undefined) => {
    if (foreign !== undefined) throw new Error(`SQL text holds a named marker (${foreign}…); use ? markers`);
    if (marker === undefined) return token;
    count += 1;
    return `:p${count}`;
  });
  return { text: named, count };
}
