import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sqlParameter } from '#shared/adapters/sql/data-api/parameter-values.ts';
import { resultRows } from '#shared/adapters/sql/data-api/result-rows.ts';
import { shortestDecimal } from '#shared/adapters/sql/stored-decimal.ts';
import { dec, decimalText } from '#shared/core/decimal.ts';

const column = (label: string, typeName: string, scale = 0) => ({ label, name: label, typeName, scale });

describe('parameters of the Data API', () => {
  it.each([
    ['text', { stringValue: 'text' }, undefined],
    ['', { stringValue: '' }, undefined],
    [7, { longValue: 7 }, undefined],
    [-0.5, { doubleValue: -0.5 }, undefined],
    [2 ** 53, { doubleValue: 2 ** 53 }, undefined],
    [9n, { longValue: 9 }, undefined],
    [9_223_372_036_854_775_807n, { stringValue: '9223372036854775807' }, undefined],
    [true, { booleanValue: true }, undefined],
    [null, { isNull: true }, undefined],
    [undefined, { isNull: true }, undefined],
    [dec('1e-18'), { stringValue: '0.000000000000000001' }, 'DECIMAL'],
    [new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), { stringValue: '2026-01-02 03:04:05.006' }, 'TIMESTAMP'],
  ])('sends %s', (value, expected, hint) => {
    expect(sqlParameter('p1', value)).toEqual({
      name: 'p1',
      value: expected,
      ...(hint === undefined ? {} : { typeHint: hint }),
    });
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [{}], [() => 1]])('refuses %s', (value) => {
    expect(() => sqlParameter('p1', value)).toThrow(TypeError);
  });
});

describe('rows of the Data API', () => {
  it('look as those of SQLite do', () => {
    const columns = [
      column('ms', 'BIGINT'),
      column('n', 'INT'),
      column('flag', 'TINYINT'),
      column('money', 'DECIMAL', 18),
      column('sum', 'DECIMAL', 0),
      column('text', 'VARCHAR'),
      column('none', 'DECIMAL', 18),
      column('real', 'DOUBLE'),
    ];
    const record = [
      { stringValue: '1700000000000' },
      { longValue: 3 },
      { booleanValue: true },
      { stringValue: '0.100000000000000000' },
      { stringValue: '-12' },
      { stringValue: '1.50' },
      { isNull: true },
      { doubleValue: 0.25 },
    ];

    expect(resultRows([record], columns)).toEqual([
      { ms: 1_700_000_000_000, n: 3, flag: 1, money: '0.1', sum: -12, text: '1.50', none: null, real: 0.25 },
    ]);
  });

  it('refuse an integer that a number cannot hold', () => {
    const columns = [column('n', 'BIGINT UNSIGNED')];
    expect(() => resultRows([[{ stringValue: '9007199254740993' }]], columns)).toThrow(RangeError);
  });
});

describe('a stored decimal', () => {
  it('is read as core spells it, whatever it was padded with', () => {
    const digits = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 18 }), (whole, scale) => {
        const value = dec(String(whole)).div(dec(10).pow(scale));
        const stored = value.toFixed(18);

        expect(shortestDecimal(stored)).toBe(decimalText(stored));
        expect(shortestDecimal(decimalText(value))).toBe(decimalText(value));
      }),
    );
  });
});
