import { describe, expect, it } from 'vitest';
import { checkInstrumentsAnswer } from '#shared/core/market/instruments-drop.ts';
import { anInstrument } from '#test/support/instruments.ts';

const list = (active: number, delisted = 0) => [
  ...Array.from({ length: active + delisted }, (_, n) =>
    anInstrument(`C${n}`, { assetId: n, status: n < active ? 'active' : 'delisted' }),
  ),
];

describe('instruments answer', () => {
  it('accepts the first answer and any growth', () => {
    expect(checkInstrumentsAnswer([], list(3))).toBeNull();
    expect(checkInstrumentsAnswer(list(3), list(9))).toBeNull();
  });

  it('accepts a loss of exactly half and refuses one more', () => {
    expect(checkInstrumentsAnswer(list(10), list(5, 5))).toBeNull();
    expect(checkInstrumentsAnswer(list(10), list(4, 6))).toMatchObject({
      code: 'instruments-dropped',
      numbers: { storedActive: 10, answerActive: 4 },
    });
  });

  it('refuses an answer without active instruments even when nothing is stored', () => {
    expect(checkInstrumentsAnswer([], list(0, 2))).toMatchObject({ code: 'instruments-empty' });
  });
});
