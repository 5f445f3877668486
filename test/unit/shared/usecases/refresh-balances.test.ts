import { describe, expect, it } from 'vitest';
import { memoryAccountRepository } from '#shared/adapters/memory/account-repository.ts';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
import { accountEventSchema } from '#shared/messages/account-event.ts';
import type { StreamRecord } from '#shared/ports/event-stream.ts';
import { ExchangeError, type VenueTransfer } from '#shared/ports/exchange.ts';
import { refreshBalances } from '#shared/usecases/refresh-balances.ts';
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
  };
  const accounts = memoryAccountRepository();
  const records: StreamRecord[] = [];
  const deps = {
    reader: {
      fetchAccountState: async () => (world.state instanceof Error ? Promise.reject(world.state) : world.state),
      fetchTransfers: async () =>
        world.transfers instanceof Error ? Promise.reject(world.transfers) : world.transfers,
    },
    accounts,
    stream: { put: async (batch: readonly StreamRecord[]) => void records.push(...batch) },
    clock: manualClock(nowMs),
  };
  const trace = { correlationId: 'corr', bornAtMs: 8_999 };
  const input = { exchange: 'hyperliquid', account: 'main', address: '0xabc', trace };
  return { world, accounts, records, refresh: () => refreshBalances(deps, input) };
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
});
