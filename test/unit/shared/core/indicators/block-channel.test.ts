import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelHigh, channelLow, initBlockChannel, stepBlockChannel } from '#shared/core/indicators/block-channel.ts';

describe('block channel', () => {
  it("is Tulip Indicators' rolling max and min when a block is one bar", () => {
    // https://github.com/TulipCharts/tulipindicators/blob/master/tests/untest.txt, "max 5" and "min 5"
    const input = [
      81.59, 81.06, 82.87, 83.0, 83.61, 83.15, 82.84, 83.99, 84.55, 84.36, 85.53, 86.54, 86.89, 87.77, 87.29,
    ];
    let channel = initBlockChannel();
    const seen = input.map((value) => {
      channel = stepBlockChannel(channel, value, value, 5, 1);
      return [channelHigh(channel), channelLow(channel)];
    });
    expect(seen.slice(4).map(([high]) => high)).toEqual([
      83.61, 83.61, 83.61, 83.99, 84.55, 84.55, 85.53, 86.54, 86.89, 87.77, 87.77,
    ]);
    expect(seen.slice(4).map(([, low]) => low)).toEqual([
      81.06, 81.06, 82.84, 82.84, 82.84, 82.84, 82.84, 83.99, 84.36, 84.36, 85.53,
    ]);
  });

  it('spans all bars of its blocks and no older ones', () => {
    const bars = fc.array(fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: 0, max: 9 })), {
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(bars, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }), (rows, blocks, blockBars) => {
        let channel = initBlockChannel();
        for (const [low, height] of rows) channel = stepBlockChannel(channel, low + height, low, blocks, blockBars);
        const span = (channel.highs.length - 1) * blockBars + channel.filled;
        const window = rows.slice(-span);
        expect(channelHigh(channel)).toBe(Math.max(...window.map(([low, height]) => low + height)));
        expect(channelLow(channel)).toBe(Math.min(...window.map(([low]) => low)));
        expect(span).toBe(
          Math.min(
            rows.length,
            (Math.min(Math.ceil(rows.length / blockBars), blocks) - 1) * blockBars + channel.filled,
          ),
        );
      }),
    );
  });
});
