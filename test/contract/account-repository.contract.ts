import { describe, expect, it } from 'vitest';
import { type AccountState, believedFrom, type VenuePosition } from '#shared/core/portfolio/account-state.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import { ACCOUNT, anAccountState } from '#test/support/system.ts';

const EXCHANGE = 'hyperliquid';
const aPosition = (coin: string, size: string): VenuePosition => ({
  symbol: `${coin}/USDC:USDC`,
  coin,
  size,
  entryPrice: '100.5',
  valueQuote: '201',
  unrealizedPnlQuote: '-0.25',
  marginUsedQuote: '20.1',
  liquidationPrice: null,
});
const incomplete: Partial<AccountState> = {
  complete: false,
  money: null,
  moneyDoubt: {
    code: 'partial-reading',
    message: 'equity is unknown: xyz could not be read',
    numbers: { read: 1, of: 2 },
  },
  subAccounts: [
    { name: 'native', complete: true, venueTimeMs: 2_000, error: null },
    { name: 'xyz', complete: false, venueTimeMs: null, error: '502' },
  ],
};

/** What every store of snapshots and equity promises. */
export function accountRepositoryContract(name: string, create: () => Promise<AccountRepository>): void {
  describe(`account repository: ${name}`, () => {
    const latest = (repository: AccountRepository) => repository.latest(EXCHANGE, ACCOUNT);

    it('knows nothing before the first snapshot', async () => {
      const repository = await create();

      expect(await latest(repository)).toBeNull();
      expect(await repository.balanceHistory(EXCHANGE, ACCOUNT, 0, 10)).toEqual([]);
      expect(await repository.newestBalance(EXCHANGE, ACCOUNT)).toBeNull();
    });

    it('gives a snapshot back as it was stored', async () => {
      const repository = await create();
      const state = anAccountState(1_000, { positions: [aPosition('BTC', '-1.5'), aPosition('ETH', '2')] });

      expect(await repository.saveSnapshot(state, '500', 1_100)).toBe('stored');

      expect(await latest(repository)).toEqual({ ...state, believed: believedFrom(state, '500') });
      expect(await repository.latest(EXCHANGE, 'other')).toBeNull();
    });

    it('replaces it by a later one, and drops positions that a complete view does not list', async () => {
      const repository = await create();
      await repository.saveSnapshot(
        anAccountState(1_000, { positions: [aPosition('BTC', '1'), aPosition('ETH', '2')] }),
        '0',
        1,
      );

      await repository.saveSnapshot(anAccountState(2_000, { positions: [aPosition('ETH', '3')] }), '0', 2);

      expect((await latest(repository))?.positions).toEqual([aPosition('ETH', '3')]);
    });

    it('calls a snapshot of the same or an older venue time stale and changes nothing', async () => {
      const repository = await create();
      const state = anAccountState(2_000, { positions: [aPosition('BTC', '1')] });
      await repository.saveSnapshot(state, '0', 5);

      expect(await repository.saveSnapshot(anAccountState(2_000, { equityQuote: '1' }), '0', 6)).toBe('stale');
      expect(await repository.saveSnapshot(anAccountState(1_999), '0', 7)).toBe('stale');

      expect(await latest(repository)).toEqual({ ...state, believed: believedFrom(state, '0') });
      expect(await repository.balanceHistory(EXCHANGE, ACCOUNT, 0, 10)).toHaveLength(1);
    });

    it('never deletes a position on an incomplete view, and says that it is incomplete', async () => {
      const repository = await create();
      await repository.saveSnapshot(
        anAccountState(1_000, { positions: [aPosition('BTC', '1'), aPosition('ETH', '2')] }),
        '0',
        1,
      );

      const state = anAccountState(2_000, { ...incomplete, positions: [aPosition('BTC', '5')] });
      expect(await repository.saveSnapshot(state, '0', 2)).toBe('stored');

      const stored = await latest(repository);
      expect(stored).toMatchObject({ complete: false, venueTimeMs: 2_000, subAccounts: incomplete.subAccounts });
      expect(stored?.positions.map((p) => [p.coin, p.size])).toEqual([
        ['BTC', '5'],
        ['ETH', '2'],
      ]);
    });

    it('deletes no position whose row a complete view could not read, and remembers which that is', async () => {
      const repository = await create();
      await repository.saveSnapshot(
        anAccountState(1_000, { positions: [aPosition('BTC', '1'), aPosition('ETH', '2'), aPosition('SOL', '3')] }),
        '0',
        1,
      );

      const unread = [{ symbol: 'ETH/USDC:USDC', coin: 'ETH' }];
      const subAccounts = [{ name: 'native', complete: true, venueTimeMs: 2_000, error: null, unread }];
      await repository.saveSnapshot(anAccountState(2_000, { subAccounts, positions: [aPosition('BTC', '5')] }), '0', 2);

      const stored = await latest(repository);
      expect(stored).toMatchObject({ complete: true, subAccounts });
      expect(stored?.positions.map((p) => [p.coin, p.size])).toEqual([
        ['BTC', '5'],
        ['ETH', '2'],
      ]);
    });

    it('lets a complete view clean up after an incomplete one', async () => {
      const repository = await create();
      await repository.saveSnapshot(anAccountState(1_000, { positions: [aPosition('BTC', '1')] }), '0', 1);
      await repository.saveSnapshot(anAccountState(2_000, incomplete), '0', 2);

      await repository.saveSnapshot(anAccountState(3_000), '0', 3);

      expect(await latest(repository)).toMatchObject({ complete: true, positions: [] });
    });

    it('keeps the last believed money beside a view that is in doubt, and drops the doubt with it', async () => {
      const repository = await create();
      const believed = anAccountState(1_000, {
        positions: [aPosition('BTC', '1')],
        mode: 'one',
        marginUsedQuote: '20.1',
      });
      await repository.saveSnapshot(believed, null, 1, '700');
      const moneyDoubt = {
        code: 'money-contradicts',
        message: 'why',
        numbers: { equityQuote: '0', lastAtMs: 1_000 },
      } as const;
      const doubted = anAccountState(2_000, {
        positions: [aPosition('BTC', '1')],
        money: null,
        moneyDoubt,
        mode: 'two',
      });

      await repository.saveSnapshot(doubted, '700', 2, null);

      expect(await latest(repository)).toEqual({ ...doubted, believed: believedFrom(believed, '700') });
      const after = anAccountState(3_000, { equityQuote: '9000' });
      await repository.saveSnapshot(after, '700', 3);
      expect(await latest(repository)).toEqual({ ...after, believed: believedFrom(after, '700') });
      expect((await repository.balanceHistory(EXCHANGE, ACCOUNT, 0, 10)).map((p) => p.venueTimeMs)).toEqual([3_000]);
    });

    it('knows no money while the first view is in doubt', async () => {
      const repository = await create();
      await repository.saveSnapshot(anAccountState(1_000, incomplete), null, 1);
      expect(await latest(repository)).toMatchObject({
        money: null,
        believed: null,
        moneyDoubt: { code: 'partial-reading' },
      });
    });

    it('keeps the equity curve, oldest first, without points whose transfers or money are unknown', async () => {
      const repository = await create();
      await repository.saveSnapshot(anAccountState(1_000), '500', 1);
      await repository.saveSnapshot(anAccountState(2_000, { equityQuote: '10001' }), null, 2);
      await repository.saveSnapshot(anAccountState(3_000, { equityQuote: '10002.5' }), '-5', 3);
      await repository.saveSnapshot(anAccountState(4_000, incomplete), '-5', 4);

      const points = await repository.balanceHistory(EXCHANGE, ACCOUNT, 0, 10);

      expect(points).toEqual([
        { venueTimeMs: 1_000, equityQuote: '10000', marginUsedQuote: '0', netTransfersQuote: '500', complete: true },
        { venueTimeMs: 3_000, equityQuote: '10002.5', marginUsedQuote: '0', netTransfersQuote: '-5', complete: true },
      ]);
      expect(await repository.newestBalance(EXCHANGE, ACCOUNT)).toEqual(points[1]);
      expect(await repository.balanceHistory(EXCHANGE, ACCOUNT, 1_001, 10)).toHaveLength(1);
      expect(await repository.balanceHistory(EXCHANGE, ACCOUNT, 0, 1)).toEqual(points.slice(0, 1));
    });
  });
}
