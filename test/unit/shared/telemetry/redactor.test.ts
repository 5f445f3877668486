import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from '#shared/telemetry/redactor.ts';

const KEY = '0x573ac3c4cc1e4b9c9d4e8730a37e98370d5e5d2dabba89d02b44d347136ab62a';

describe('Redactor', () => {
  it('hides values under names that say secret, at any depth', () => {
    const text = new Redactor().json({
      a: [{ privateKey: 'one', api_key: 'two' }],
      Authorization: 'three',
      token: null,
    });
    expect(JSON.parse(text)).toEqual({
      a: [{ privateKey: '(hidden)', api_key: '(hidden)' }],
      Authorization: '(hidden)',
      token: null,
    });
  });

  it('blots out registered values inside other text, whatever their case and prefix', () => {
    const redactor = new Redactor();
    redactor.addSecret(KEY);

    const text = redactor.json({
      note: `sent ${KEY.toUpperCase()} and ${KEY.slice(2)}!`,
      error: new Error(`bad ${KEY}`),
    });

    expect(text.toLowerCase()).not.toContain(KEY.slice(2));
    expect(JSON.parse(text).note).toBe('sent (hidden) and (hidden)!');
  });

  it('blots out a value that JSON writes with escapes', () => {
    const redactor = new Redactor();
    redactor.addSecret('pass"word\\x');
    expect(redactor.json({ note: 'it was pass"word\\x' })).toBe('{"note":"it was (hidden)"}');
  });

  it('leaves short values alone, which would blot out words', () => {
    const redactor = new Redactor();
    redactor.addSecret('order');
    expect(redactor.text('order')).toBe('order');
  });

  it('shows the parts of an error and of its cause', () => {
    const error = Object.assign(new Error('outer', { cause: new TypeError('inner') }), { code: 'E1' });
    expect(JSON.parse(new Redactor().json({ error })).error).toMatchObject({
      name: 'Error',
      message: 'outer',
      code: 'E1',
      cause: { name: 'TypeError', message: 'inner' },
    });
  });

  it('bounds what is long, deep, circular or has no JSON', () => {
    const circle: Record<string, unknown> = { big: 10n, fn: () => 1, nan: Number.NaN };
    circle.self = circle;
    circle.deep = { a: { b: { c: { d: { e: { f: 1 } } } } } };
    circle.long = 'x'.repeat(10_000);
    circle.many = Array.from({ length: 500 }, (_, i) => i);
    circle.bytes = new Uint8Array(9);
    Object.defineProperty(circle, 'thrower', {
      enumerable: true,
      value: {
        toJSON: () => {
          throw new Error('no');
        },
      },
    });

    const shown = JSON.parse(new Redactor().json(circle));

    expect(shown).toMatchObject({
      big: '10',
      fn: '(function)',
      nan: 'NaN',
      self: '(circular)',
      thrower: '(unreadable)',
    });
    expect(shown.bytes).toBe('(9 bytes)');
    expect(shown.many).toHaveLength(101);
    expect(JSON.stringify(shown.deep)).toContain('(too deep)');
    expect(shown.long.length).toBeLessThan(4100);
  });

  it('writes parseable JSON for anything', () => {
    const redactor = new Redactor();
    redactor.addSecret('secret-value');
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          const text = redactor.json({ value });
          expect(() => JSON.parse(text)).not.toThrow();
        },
      ),
    );
  });
});
