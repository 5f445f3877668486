import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qualityLines } from '#local/replay/file-quality.ts';
import { inspectReplayFile, ReplayFileError } from '#local/replay/replay-file.ts';
import { barLines, HEADER, removeDir, tempDir, writeLines } from '#test/support/replay-process.ts';

const START_MS = Date.UTC(2022, 0, 3, 10, 0);
const whole = { fromMs: null, durationMs: null };

describe('inspectReplayFile', () => {
  let dir: string;
  beforeAll(() => {
    dir = tempDir();
  });
  afterAll(() => removeDir(dir));

  it('finds bars and span of either format', () => {
    const own = writeLines(dir, 'own.csv', [HEADER, ...barLines(3)]);
    const kline = writeLines(dir, 'kline.csv', barLines(3, 'kline'));

    for (const file of [own, kline]) {
      const found = inspectReplayFile({ file, ...whole });

      expect(found).toMatchObject({ bars: 3, startMs: START_MS, endMs: START_MS + 2 * 60_000 + 59_000 });
    }
  });

  it('begins at the first bar from a time and ends after a duration', () => {
    const file = writeLines(dir, 'part.csv', [HEADER, ...barLines(10)]);

    const found = inspectReplayFile({ file, fromMs: START_MS + 90_000, durationMs: 150_000 });

    expect(found).toMatchObject({ bars: 3, startMs: START_MS + 120_000, endMs: START_MS + 270_000 });
  });

  it('leaves out what the simulator refuses: other lines, repeats and steps back in time', () => {
    const [a, b, ...rest] = barLines(5) as [string, string, string, string, string];
    const file = writeLines(dir, 'bad.csv', [HEADER, a, 'no,bar', b, b, a, 'x'.repeat(5_000), ...rest]);

    expect(inspectReplayFile({ file, ...whole })).toMatchObject({ bars: 5, quality: { refusedLines: 4 } });
  });

  it('refuses a file that is reversed or mostly refused, with both numbers', () => {
    const reversed = writeLines(dir, 'reversed.csv', [HEADER, ...barLines(5).toReversed()]);
    const mostly = writeLines(dir, 'mostly.csv', [HEADER, ...barLines(2), 'no', 'no', 'no']);

    const inspect = (file: string) => () => inspectReplayFile({ file, ...whole });

    expect(inspect(reversed)).toThrow(/4 lines are refused and 1 are readable; .*out-of-order.*Sort it by time/);
    expect(inspect(mostly)).toThrow(/3 lines are refused and 2 are readable; .*columns/);
    expect(inspect(reversed)).toThrow(expect.objectContaining({ code: 'mostly-refused' }));
  });

  it('tells gaps and spikes with their number and the first of each', () => {
    const lines = barLines(12);
    const [time] = lines[9]!.split(',');
    const spike = `${time},1000000,1000000,1000000,1000000,5`;
    const kept = [...lines.slice(0, 3), ...lines.slice(5, 9), spike, ...lines.slice(11)];
    const file = writeLines(dir, 'odd.csv', [HEADER, ...kept]);

    const { quality } = inspectReplayFile({ file, ...whole });

    const minute = (n: number) => START_MS + n * 60_000;
    expect(quality).toEqual({
      refusedLines: 0,
      gaps: { count: 2, missingBars: 3, longestBars: 2, firstAtMs: minute(3) },
      spikes: { count: 2, firstAtMs: minute(9) },
    });
    expect(qualityLines(quality)).toEqual([
      '3 minutes have no bar, in 2 gaps; the longest 2, the first at 2022-01-03 10:03 UTC',
      '2 bars leave the close before them by more than 1.5 times, the first at 2022-01-03 10:09 UTC',
    ]);
    expect(qualityLines(inspectReplayFile({ file: writeLines(dir, 'even.csv', lines), ...whole }).quality)).toEqual([]);
  });

  it.each([
    ['gzip', gzipSync(`${HEADER}\n`)],
    ['zip', Buffer.from('PK\u0003\u0004rest', 'latin1')],
  ])('says of a %s file in one sentence what to do', (name, bytes) => {
    const file = `${dir}/packed`;
    writeFileSync(file, bytes);

    expect(() => inspectReplayFile({ file, ...whole })).toThrow(`${file} is packed with ${name}: unpack it first`);
  });

  it('gives the same hash to the same bytes only', () => {
    const lines = [HEADER, ...barLines(3)];
    const [one, two, other] = ['1.csv', '2.csv']
      .map((name) => writeLines(dir, name, lines))
      .concat(writeLines(dir, '3.csv', lines.slice(0, 3)));

    const hashOf = (file: string) => inspectReplayFile({ file, ...whole }).sha256;

    expect(hashOf(one!)).toBe(hashOf(two!));
    expect(hashOf(one!)).not.toBe(hashOf(other!));
  });

  it.each([
    ['there is no file', null],
    ['is empty', ''],
    ['neither a timestamp', '{"not": "a csv"}\n'],
    ['no readable bar', `${HEADER}\n`],
    ['no readable bar; the first line refused, columns: "garbage"', `${HEADER}\ngarbage\n1,2\n`],
  ])('says that %s', (message, text) => {
    const file = `${dir}/${text === null ? 'nowhere' : 'wrong'}.csv`;
    if (text !== null) writeFileSync(file, text);

    expect(() => inspectReplayFile({ file, ...whole })).toThrow(ReplayFileError);
    expect(() => inspectReplayFile({ file, ...whole })).toThrow(message);
  });

  it('says that a folder is not a file, and that nothing comes after a time', () => {
    const file = writeLines(dir, 'late.csv', [HEADER, ...barLines(3)]);

    expect(() => inspectReplayFile({ file: dir, ...whole })).toThrow('is not a file');
    expect(() => inspectReplayFile({ file, fromMs: START_MS + 86_400_000, durationMs: null })).toThrow(
      'at or after 2022-01-04',
    );
  });
});
