import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitStatement } from '#local/rds-data-api/statement-text.ts';
import { nameParameters } from '#shared/adapters/sql/data-api/named-parameters.ts';

/** Text in which a `?` is no marker. */
const quoted = (quote: string) =>
  fc.string({ maxLength: 20 }).map((text) => {
    const escaped =
      quote === '`' ? text.replaceAll('`', '``') : text.replaceAll('\\', '\\\\').replaceAll(quote, quote + quote);
    return `${quote}${escaped}${quote}`;
  });
const opaque = fc.oneof(
  quoted("'"),
  quoted('"'),
  quoted('`'),
  fc.string({ maxLength: 20 }).map((text) => `/*${text.replaceAll('*/', '')}*/`),
  fc.string({ maxLength: 20 }).map((text) => `-- ${text.replaceAll('\n', '')}\n`),
  fc.string({ maxLength: 20 }).map((text) => `#${text.replaceAll('\n', '')}\n`),
  fc.constantFrom("'it''s ?'", String.raw`'a\'?'`, '"?"', "'$.a:b?'", "''", "'?:x'", '`a?`'),
);
/** Text that is SQL and holds no marker: JSON operators and assignments are no named markers. */
const plain = fc.constantFrom(
  'select a ',
  ' ',
  'x->',
  'x->>',
  '@a := 1',
  ' 5--1 ',
  'a - b',
  ' / ',
  ' * ',
  '(',
  ')',
  ', ',
  '1:',
  '$',
);
const piece = fc.oneof(
  opaque.map((text) => ({ text, marker: false })),
  plain.map((text) => ({ text, marker: false })),
  fc.constant({ text: '?', marker: true }),
);
/** A quote or a dash after another would join with it: a space keeps pieces apart. */
const statement = fc.array(piece, { maxLength: 25 });

describe('named parameters', () => {
  it('numbers every marker outside quotes and comments and leaves all else alone', () => {
    fc.assert(
      fc.property(statement, (pieces) => {
        const text = pieces.map((p) => p.text).join(' ');
        let count = 0;
        const expected = pieces.map((p) => (p.marker ? `:p${++count}` : p.text)).join(' ');

        expect(nameParameters(text)).toEqual({ text: expected, count });
      }),
    );
  });

  it('writes what the other side of the wire finds again', () => {
    fc.assert(
      fc.property(statement, (pieces) => {
        const named = nameParameters(pieces.map((p) => p.text).join(' '));
        const { names, texts } = splitStatement(named.text);

        expect(names).toEqual(Array.from({ length: named.count }, (_, i) => `p${i + 1}`));
        expect(texts.reduce((sum, part, i) => sum + (i === 0 ? '' : '?') + part, '')).toBe(
          pieces.map((p) => p.text).join(' '),
        );
      }),
    );
  });

  it('takes what does not end for quoted to its end', () => {
    expect(nameParameters("select ? from 'a ?")).toEqual({ text: "select :p1 from 'a ?", count: 1 });
    expect(nameParameters('select ? /* ?')).toEqual({ text: 'select :p1 /* ?', count: 1 });
  });

  it('takes two dashes for a comment only before white space, as MySQL does', () => {
    expect(nameParameters('select 5--? -- ?\n, ?')).toEqual({ text: 'select 5--:p1 -- ?\n, :p2', count: 2 });
  });

  it('refuses a named marker of somebody else', () => {
    expect(() => nameParameters('select :name')).toThrow('named marker');
    expect(nameParameters("select ':name', @a := 1").count).toBe(0);
  });
});
