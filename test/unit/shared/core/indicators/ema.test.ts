import { describe, expect, it } from 'vitest';
import { COUNT_MAX, initEma, stepEma } from '#shared/core/indicators/ema.ts';

const run = (values: readonly number[], period: number) => {
  let ema = initEma();
  return values.map((value) => {
    ema = stepEma(ema, value, period);
    return Number(ema.value.toFixed(3));
  });
};

describe('ema', () => {
  it("gives Tulip Indicators' numbers for a period of 5", () => {
    // https://github.com/TulipCharts/tulipindicators/blob/master/tests/untest.txt, "ema 5"
    const input = [
      81.59, 81.06, 82.87, 83.0, 83.61, 83.15, 82.84, 83.99, 84.55, 84.36, 85.53, 86.54, 86.89, 87.77, 87.29,
    ];
    const expected = [
      81.59, 81.413, 81.899, 82.266, 82.714, 82.859, 82.853, 83.232, 83.671, 83.901, 84.444, 85.143, 85.725, 86.407,
      86.701,
    ];
    expect(run(input, 5)).toEqual(expected);
  });

  it("gives Achelis' numbers (Technical Analysis from A to Z, page 209)", () => {
    // https://github.com/TulipCharts/tulipindicators/blob/master/tests/atoz.txt, "ema 5"
    expect(run([25, 24.875, 24.781, 24.594, 24.5, 24.625, 25.219, 27.25], 5)).toEqual([
      25, 24.958, 24.899, 24.797, 24.698, 24.674, 24.856, 25.654,
    ]);
  });

  it('stops counting at its bound and goes on averaging', () => {
    const ema = stepEma({ value: 10, count: COUNT_MAX }, 20, 1);
    expect(ema).toEqual({ value: 20, count: COUNT_MAX });
  });
});
