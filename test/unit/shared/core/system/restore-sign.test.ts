import { describe, expect, it } from 'vitest';
import { BEATS_LOST_MS_MAX, type InstallationMark, restoreSign } from '#shared/core/system/restore-sign.ts';

const T0 = 1_780_000_000_000;
const HOUR = 3_600_000;
const database = {
  exchange: 'hyperliquid',
  tag: '0a1b2c3d',
  stateVersion: 5,
  unjudgedCopy: false,
  lastBeatMs: T0,
  nowMs: T0 + HOUR,
};
const mark: InstallationMark = {
  tag: '0a1b2c3d',
  stateVersions: { hyperliquid: 5 },
  beatsMs: { hyperliquid: T0 },
};

describe('the mark beside a database', () => {
  it.each<[string, InstallationMark]>([
    ['is of it', mark],
    ['has no beats', { tag: mark.tag, stateVersions: mark.stateVersions }],
    ['lags', { ...mark, stateVersions: { hyperliquid: 3 }, beatsMs: { hyperliquid: T0 - 3_600_000 } }],
    ['was written by a beat that another overtook', { ...mark, beatsMs: { hyperliquid: T0 + BEATS_LOST_MS_MAX } }],
    ['was written by a clock that was ahead', { ...mark, beatsMs: { hyperliquid: T0 + 2 * HOUR } }],
    ['is of another exchange', { tag: mark.tag, stateVersions: { paper: 9 }, beatsMs: { paper: T0 * 2 } }],
  ])('says nothing when it %s', (_, known) => {
    expect(restoreSign(known, database)).toBeNull();
  });

  it.each<[string, InstallationMark | null, RegExp]>([
    ['is missing', null, /not made here/],
    [
      'is of another installation',
      { ...mark, tag: '12345678' },
      /of installation 0a1b2c3d, the mark beside it of 12345678/,
    ],
    ['knows a later state', { ...mark, stateVersions: { hyperliquid: 6 } }, /state version 5, seen 6/],
    ['knows later beats', { ...mark, beatsMs: { hyperliquid: T0 + 600_000 } }, /has lost 600 s/],
  ])('speaks against it when it %s', (_, known, words) => {
    expect(restoreSign(known, database)).toMatch(words);
  });

  it('speaks against a database without a tag or a beat', () => {
    expect(restoreSign(mark, { ...database, tag: null })).toMatch(/installation none/);
    expect(restoreSign(mark, { ...database, lastBeatMs: 0 })).toMatch(/has lost/);
    expect(restoreSign(mark, { ...database, unjudgedCopy: true })).toMatch(/by another exchange/);
  });
});
