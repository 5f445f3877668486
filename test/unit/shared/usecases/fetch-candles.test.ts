import { describe, expect, it } from 'vitest';
import { sqlCandlesRepository } from '#shared/adapters/sql/repositories/candles-repository.ts';
import { sqlFetchStateRepository } from '#shared/adapters/sql/repositories/fetch-state-repository.ts';
import type { Candle } from '#shared/core/market/candle.ts';
import { type OddRow, oddRow } from '#shared/core/odd-row.ts';
import type { CandleJob } from '#shared/messages/candle-job.ts';
import { ExchangeError, type ExchangeErrorKind } from '#shared/ports/exchange.ts';
import { fetchCandles } from '#shared/usecases/fetch-candles.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';

const M = 60_000;
const TEN = Date.UTC(2026, 0, 5, 10);
const BTC = 'BTC/USDC:USDC';

const job = (symbol = BTC, change: Partial<CandleJob> = {}): CandleJob => ({
  v: 1,
  type: 'candle-job',
  exchange: 'hyperliquid',
  symbol,
  timeframe: '1m',
  fromMs: TEN - 20 * M,
  toMs: TEN,
  trace: { correlationId: 'abc', bornAtMs: TEN },
  ...change,
});
const bar = (minute: number, change: Partial<Candle> = {}): Candle => ({
  exchange: 'hyperliquid',
  symbol: BTC,
  timeframe: '1m',
  openTimeMs: TEN + minute * M,
  open: '10',
  high: '12',
  low: '9',
  close: '11',
  volume: '1',
  final: minute < 0,
  ...change,
});
const venueError = (kind: ExchangeErrorKind, retryable: boolean) =>
  new ExchangeError(kind, `venue says ${kind}`, { retryable, mayHaveReachedVenue: true });

function setUp(answer: (symbol: string) => readonly Candle[] | Error | Promise<readonly Candle[]>) {
  const clock = manualClock(TEN + 5_000);
  const db = memoryDatabase();
  const candles = sqlCandlesRepository(db);
  const fetchStates = sqlFetchStateRepository(db);
  const calls: string[] = [];
  const market = {
    fetchCandles: async (symbol: string) => {
      calls.push(symbol);
      const bars = await answer(symbol);
      if (bars instanceof Error) throw bars;
      return { rows: bars, odd: [] as readonly OddRow[] };
    },
  };
  const deps = { clock, candles, fetchStates, market };
  const stored = async () =>
    (await candles.range('hyperliquid', BTC, '1m', 0, TEN + 100 * M, 100)).map((c) => [
      (c.openTimeMs - TEN) / M,
      c.final,
    ]);
  const run = (jobs: readonly CandleJob[] = [job()], concurrency = 2) => fetchCandles(deps, { jobs, concurrency });
  return { deps, clock, candles, fetchStates, calls, stored, run };
}

describe('fetchCandles', () => {
  it('stores the bars, then how far they reach; again changes nothing', async () => {
    const { run, stored, fetchStates } = setUp(() => [bar(-2), bar(-1), bar(0)]);
    const outcomes = await run();
    await run();
    expect(outcomes).toMatchObject([{ kind: 'stored', stored: 3, newestFinalOpenMs: TEN - M, refused: 0 }]);
    expect(await stored()).toEqual([
      [-2, true],
      [-1, true],
      [0, false],
    ]);
    expect(await fetchStates.all('hyperliquid')).toMatchObject([{ lastFinalOpenMs: TEN - M, failures: 0 }]);
  });

  it('gives every bar that is odd, to be set aside once', async () => {
    const bars = [bar(-2, { low: '-1' }), bar(-1)];
    const { run, stored, deps } = setUp(() => bars);
    const unreadable = oddRow({
      list: 'candles',
      key: 'k',
      symbol: BTC,
      why: 'o: no',
      row: { t: 1 },
      venueTimeMs: null,
    });
    const { fetchCandles: fetchBars } = deps.market;
    deps.market.fetchCandles = async (symbol) => ({ ...(await fetchBars(symbol)), odd: [unreadable] });

    const [outcome] = await run();

    expect(await stored()).toEqual([[-1, true]]);
    expect(outcome).toMatchObject({ kind: 'stored', refused: 2 });
    expect(outcome?.kind === 'stored' && outcome.odd.map((row) => [row.key, row.why.slice(0, 12)])).toEqual([
      ['k', 'o: no'],
      [`${BTC}:1m:${TEN - 2 * M}`, 'not-positive'],
    ]);
  });

  it('does not believe that a bar is final before its end', async () => {
    const { run, stored } = setUp(() => [bar(0, { final: true })]);
    expect(await run()).toMatchObject([{ kind: 'stored', newestFinalOpenMs: null }]);
    expect(await stored()).toEqual([[0, false]]);
  });

  it('does not move the fetch state when storing fails', async () => {
    const { deps, run, fetchStates } = setUp(() => [bar(-1)]);
    deps.candles = { ...deps.candles, save: () => Promise.reject(new Error('disk full')) };
    expect(await run()).toMatchObject([{ kind: 'retry', reason: 'failed', error: 'Error: disk full' }]);
    expect(await fetchStates.all('hyperliquid')).toEqual([]);
  });

  it('refuses bars that cannot be, keeps the others, and asks again for a recent one', async () => {
    const { run, stored, fetchStates } = setUp(() => [
      bar(-4, { high: '1' }),
      bar(-3, { close: 'NaN' }),
      bar(-2),
      bar(-2, { close: '9.5' }),
      bar(-2),
      bar(-1),
      bar(1),
      bar(-1, { symbol: 'ETH/USDC:USDC' }),
    ]);
    const [outcome] = await run();
    expect(outcome).toMatchObject({ kind: 'stored', stored: 1, refused: 5 });
    expect(outcome?.kind === 'stored' && outcome.samples.map((s) => s.code)).toEqual([
      'inconsistent',
      'not-a-number',
      'contradictory',
    ]);
    expect(await stored()).toEqual([[-1, true]]);
    expect(await fetchStates.all('hyperliquid')).toMatchObject([{ lastFinalOpenMs: null, failures: 1 }]);
  });

  it('accepts the hole of an old bar that stays bad', async () => {
    const { run, fetchStates } = setUp(() => [bar(-15, { low: '0' }), bar(-1)]);
    expect(await run()).toMatchObject([{ kind: 'stored', refused: 1, newestFinalOpenMs: TEN - M }]);
    expect(await fetchStates.all('hyperliquid')).toMatchObject([{ lastFinalOpenMs: TEN - M, failures: 0 }]);
  });

  it('leaves what may pass to the queue, and tries no more once the venue limits us', async () => {
    const { run, calls, fetchStates } = setUp(() => venueError('rate-limited', true));
    const outcomes = await run([job('A/U:U'), job('B/U:U'), job('C/U:U'), job('D/U:U')], 2);
    expect(calls).toEqual(['A/U:U', 'B/U:U']);
    expect(outcomes.map((o) => o.kind === 'retry' && o.reason)).toEqual([
      'rate-limited',
      'rate-limited',
      'skipped',
      'skipped',
    ]);
    expect(await fetchStates.all('hyperliquid')).toEqual([]);
  });

  it('goes on with other jobs after a timeout', async () => {
    const { run } = setUp((symbol) => (symbol === BTC ? [bar(-1)] : venueError('timeout', true)));
    expect((await run([job('A/U:U'), job()], 1)).map((o) => o.kind)).toEqual(['retry', 'stored']);
  });

  it('gives up a job that the venue refuses for good, and remembers the failure', async () => {
    const { run, fetchStates } = setUp(() => venueError('rejected', false));
    expect(await run()).toMatchObject([{ kind: 'dead', error: 'rejected: venue says rejected' }]);
    expect(await fetchStates.all('hyperliquid')).toMatchObject([{ failures: 1, failedAtMs: TEN + 5_000 }]);
  });

  it('has no more fetches under way than configured, and answers in the order of the jobs', async () => {
    let underWay = 0;
    let most = 0;
    const { run } = setUp(async (symbol) => {
      underWay += 1;
      most = Math.max(most, underWay);
      for (let i = 0; i < symbol.length; i += 1) await null;
      underWay -= 1;
      return [];
    });
    const jobs = ['LONG-NAME/U:U', 'A/U:U', 'MIDDLE/U:U', 'B/U:U', 'C/U:U'].map((s) => job(s));
    const outcomes = await run(jobs, 3);
    expect(most).toBe(3);
    expect(outcomes.map((o) => o.job.symbol)).toEqual(jobs.map((j) => j.symbol));
    expect(await run([], 3)).toEqual([]);
  });
});
