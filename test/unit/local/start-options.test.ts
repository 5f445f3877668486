import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseStartOptions } from '#local/start-options.ts';

describe('parseStartOptions', () => {
  afterEach(() => vi.restoreAllMocks());

  /** The exit code and what was said. */
  const refusalOf = (...words: string[]) => {
    let said = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    expect(() => parseStartOptions(words)).toThrow('exit 2');
    return said;
  };

  it.each([
    ['--speed', 'max'],
    ['--from', '2022-01-03'],
    ['--duration', '30m'],
    ['--symbol', 'BTC/USDC:USDC'],
    ['--checkpoint-every', '1d'],
    ['--until-done'],
    ['--summary', 'json'],
  ])('refuses %s where no file is replayed', (name, ...value) => {
    expect(refusalOf(name, ...value)).toBe(`error: ${name} needs --replay FILE\n`);
  });

  it.each(['0m', '0s', '30', '-5m', 'soon'])('refuses a span of %s', (span) => {
    expect(refusalOf('--replay', 'x.csv', `--duration=${span}`)).toContain(
      'expected a number above 0 and a unit: 90s, 30m, 2h or 1d',
    );
  });

  it('takes a replay with all its words', () => {
    const words = ['--replay', 'x.csv', '--speed', 'max', '--from', '2022-01-03', '--duration', '1.5h'];

    const { replay, stage } = parseStartOptions([...words, '--symbol', 'ETH', '--summary', 'json']);

    expect(stage).toBe('replay');
    expect(replay).toMatchObject({
      file: 'x.csv',
      speed: Number.POSITIVE_INFINITY,
      fromMs: Date.UTC(2022, 0, 3),
      durationMs: 5_400_000,
      symbol: 'ETH',
      untilDone: true,
    });
  });
});
