import { describe, expect, it } from 'vitest';
import { memoryAccountRepository } from '#shared/adapters/memory/account-repository.ts';
import { memoryAlerts } from '#shared/adapters/memory/alerts.ts';
import { memoryDeadLetters } from '#shared/adapters/memory/dead-letters.ts';
import { MemoryRunsRepository } from '#shared/adapters/memory/runs-repository.ts';
import type { OddRow } from '#shared/core/odd-row.ts';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
import { takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import { accountEventSchema } from '#shared/messages/account-event.ts';
import type { StreamRecord } from '#shared/ports/event-stream.ts';
import { ExchangeError, type VenueTransfer } from '#shared/ports/exchange.ts';
import { checkTakeProfit } from '#shared/usecases/check-take-profit.ts';
import { refreshBalances } from '#shared/usecases/refresh-balances.ts';
import { setAsideOddRows } from '#shared/usecases/set-aside-odd-rows.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { anAccountState } from '#test/support/system.ts';

const transfer = (id: string, amountQuote: string, venueTimeMs: number): VenueTransfer => ({
  id,
  amountQuote,
  venueTimeMs,
});
const timeout = new ExchangeError('timeout', 'no answer', { retryable: true, mayHaveReachedVenue: true });

function platform(nowMs = 9_000) {
  const world = {
    state: anAccountState(5_000, { account: 'as the venue says' }) as AccountState | Error,
    transfers: [] as readonly VenueTransfer[] | Error,
    odd: [] as OddRow[],
  };
  const accounts = memoryAccountRepository();
  const clock = manualClock(nowMs);
  const deadLetters = memoryDeadLetters(clock);
  const records: StreamRecord[] = [];
  const deps = {
    reader: {
      fetchAccountState: async () => (world.state instanceof Error ? Promise.reject(world.state) : world.state),
      fetchTransfers: async () =>
        world.transfers instanceof Error ? Promise.reject(world.transfers) : { rows: world.transfers, odd: world.odd },
    },
    accounts,
    stream: { put: async (batch: readonly StreamRecord[]) => void records.push(...batch) },
    clock,
    deadLetters,
  };
  const trace = { correlationId: 'corr', bornAtMs: 8_999 };
  const input = { exchange: 'hyperliquid', account: 'main', address: '0xabc', trace };
  return { world, accounts, records, deadLetters, clock, refresh: () => refreshBalances(deps, input) };
}

describe('refreshBalances', () => {
  it('stores the account under its own name and tells the stream', async () => {
    const { accounts, records, refresh } = platform();

    expect(await refresh()).toMatchObject({ kind: 'stored', netTransfersQuote: '0' });

    expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({ account: 'main', venueTimeMs: 5_000 });
    expect(records).toHaveLength(1);
    expect(records[0]?.partitionKey).toBe('hyperliquid:main');
    expect(accountEventSchema.parse(JSON.parse(records[0]!.data))).toMatchObject({
      account: 'main',
      venueTimeMs: 5_000,
    });
  });

  it('counts deposits and withdrawals', async () => {
    const { world, accounts, refresh } = platform(50_000);
    world.state = anAccountState(40_000);
    world.transfers = [transfer('a', '500', 1_000), transfer('b', '-120.5', 30_000)];

    await refresh();

    const [point] = await accounts.balanceHistory('hyperliquid', 'main', 0, 10);
    expect(point?.netTransfersQuote).toBe('379.5');
  });

  it.each([
    ['just before the snapshot, which may not show it yet', 30_001],
    ['after the snapshot, which may show it already', 40_001],
  ])('keeps positions but no point of the curve when there was a transfer %s', async (_, venueTimeMs) => {
    const { world, accounts, refresh } = platform(50_000);
    world.state = anAccountState(40_000);
    world.transfers = [transfer('a', '500', venueTimeMs)];

    expect(await refresh()).toMatchObject({ kind: 'stored', transfersError: 'a transfer is being settled' });

    expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({ venueTimeMs: 40_000 });
    expect(await accounts.balanceHistory('hyperliquid', 'main', 0, 10)).toEqual([]);
  });

  it('does not believe a snapshot dated well after its arrival, and stores the next true one', async () => {
    const { world, accounts, records, refresh } = platform();
    world.state = anAccountState(600_000);

    expect(await refresh()).toMatchObject({ kind: 'from-the-future' });
    expect(await accounts.latest('hyperliquid', 'main')).toBeNull();
    expect(records).toHaveLength(0);

    world.state = anAccountState(8_000);
    expect(await refresh()).toMatchObject({ kind: 'stored', state: { venueTimeMs: 8_000 } });
  });

  it('dates a snapshot of a clock that is a little ahead by its arrival', async () => {
    const { world, accounts, refresh } = platform();
    world.state = anAccountState(12_000);

    await refresh();

    expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({ venueTimeMs: 9_000 });
  });

  it('keeps positions but no point of the curve when transfers cannot be read', async () => {
    const { world, accounts, records, refresh } = platform();
    world.transfers = timeout;

    expect(await refresh()).toMatchObject({ kind: 'stored', netTransfersQuote: null, transfersError: 'no answer' });

    expect(await accounts.latest('hyperliquid', 'main')).not.toBeNull();
    expect(await accounts.balanceHistory('hyperliquid', 'main', 0, 10)).toEqual([]);
    expect(records).toHaveLength(1);
  });

  it('says nothing about a snapshot that is no news', async () => {
    const { records, refresh } = platform();
    await refresh();

    expect(await refresh()).toMatchObject({ kind: 'stale' });
    expect(records).toHaveLength(1);
  });

  it('passes an incomplete view on as incomplete', async () => {
    const { world, records, refresh } = platform();
    world.state = anAccountState(6_000, { complete: false });

    await refresh();

    expect(JSON.parse(records[0]!.data)).toMatchObject({ complete: false });
  });

  it('leaves what is stored alone when the venue cannot be read', async () => {
    const { world, accounts, records, refresh } = platform();
    await refresh();
    world.state = timeout;

    await expect(refresh()).rejects.toThrow(timeout);
    expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({ venueTimeMs: 5_000 });
    expect(records).toHaveLength(1);
  });

  describe('with an entry of the ledger that cannot be read', () => {
    const entry = (over: Partial<OddRow> = {}): OddRow => ({
      list: 'ledger',
      key: '0x1:airdrop',
      symbol: null,
      why: 'unknown ledger entry airdrop',
      payload: '{}',
      venueTimeMs: 45_000,
      ...over,
    });
    const settings = takeProfitSettingsSchema.parse({ threshold: 0.2 });

    /** An account that reads its balance every 30 s; gives what take profit says of each. */
    async function curve() {
      const { world, accounts, refresh, deadLetters, clock } = platform();
      const runs = new MemoryRunsRepository();
      let atMs = 0;
      const read = async (equityQuote: string) => {
        atMs += 30_000;
        clock.set(atMs);
        world.state = anAccountState(atMs - 1, { equityQuote });
        const facts = await refresh();
        await setAsideOddRows({ deadLetters, alerts: memoryAlerts(clock) }, 'hyperliquid', facts.odd);
        const { verdict } = await checkTakeProfit(
          { accounts, runs, clock },
          { exchange: 'hyperliquid', account: 'main', settings },
        );
        return { verdict, partly: facts.partly, error: facts.transfersError };
      };
      for (let i = 0; i < 5; i += 1) await read('10000');
      return { world, read, accounts, nowMs: () => atMs };
    }

    it('goes on, and a fall of 30 % still stops everything', async () => {
      const { world, read, nowMs } = await curve();
      world.odd = [entry({ venueTimeMs: nowMs() + 1_000, amountQuote: '1' })];
      expect(await read('10001')).toMatchObject({
        verdict: 'within',
        error: null,
        partly: expect.stringContaining('ledger'),
      });
      expect(await read('10001')).toMatchObject({ verdict: 'within', partly: null });
      expect(await read('7000')).toMatchObject({ verdict: 'drawdown' });
    });

    it('stops everything on a fall of 30 % at the same time: the entry names too little for it', async () => {
      const { world, read, nowMs } = await curve();
      world.odd = [entry({ venueTimeMs: nowMs() + 1_000, amountQuote: '1' })];
      expect(await read('7000')).toMatchObject({ verdict: 'drawdown' });
    });

    it.each([
      ['a deposit', '15000', null],
      ['a withdrawal', '5000', null],
      ['a deposit that it names', '15000', '5000'],
    ])('takes %s of an unknown kind neither for a profit nor for a loss', async (_, equityQuote, amountQuote) => {
      const { world, read, nowMs, accounts } = await curve();
      world.odd = [entry({ venueTimeMs: nowMs() + 1_000, amountQuote })];
      expect(await read(equityQuote)).toMatchObject({ verdict: 'within' });
      expect(await read(equityQuote)).toMatchObject({ verdict: 'within' });
      const points = await accounts.balanceHistory('hyperliquid', 'main', 0, 100);
      expect(points.at(-1)?.netTransfersQuote).toBe(String(Number(equityQuote) - 10_000));
      expect(await read(String(Number(equityQuote) * 0.7))).toMatchObject({ verdict: 'drawdown' });
    });

    it('waits for the whole account before it says what the entry moved', async () => {
      const { world, refresh } = platform(50_000);
      world.odd = [entry({ venueTimeMs: 1_000 })];
      world.state = anAccountState(40_000, { complete: false });
      expect(await refresh()).toMatchObject({ netTransfersQuote: null, odd: [] });
    });
  });
});
