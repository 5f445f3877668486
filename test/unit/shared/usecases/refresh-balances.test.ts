import { describe, expect, it } from 'vitest';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
import { takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import { accountEventSchema } from '#shared/messages/account-event.ts';
import type { ObserverDocument } from '#shared/messages/observer-document.ts';
import { ExchangeError, type VenueTransfer } from '#shared/ports/exchange.ts';
import { checkTakeProfit } from '#shared/usecases/check-take-profit.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { fill } from '#test/support/orders.ts';
import { holding, refreshedAccount } from '#test/support/refreshed-account.ts';
import { ACCOUNT, anAccountState, anObserverDocument } from '#test/support/system.ts';

const transfer = (id: string, amountQuote: string, venueTimeMs: number): VenueTransfer => ({
  id,
  amountQuote,
  venueTimeMs,
});
const timeout = new ExchangeError('timeout', 'no answer', { retryable: true, mayHaveReachedVenue: true });

describe('refreshBalances', () => {
  it('stores the account under its own name and tells the stream', async () => {
    const { accounts, records, refresh } = refreshedAccount();

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
    const { world, accounts, refresh } = refreshedAccount(50_000);
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
    const { world, accounts, refresh } = refreshedAccount(50_000);
    world.state = anAccountState(40_000);
    world.transfers = [transfer('a', '500', venueTimeMs)];

    expect(await refresh()).toMatchObject({ kind: 'stored', transfersError: 'a transfer is being settled' });

    expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({ venueTimeMs: 40_000 });
    expect(await accounts.balanceHistory('hyperliquid', 'main', 0, 10)).toEqual([]);
  });

  it('keeps the point of a first deposit that is the whole account: a fill comes before the next one', async () => {
    const { world, accounts, refresh } = refreshedAccount(50_000);
    const state = anAccountState(40_000);
    world.state = state;
    world.transfers = [transfer('a', state.money!.equityQuote, 39_000)];

    const facts = await refresh();

    const [point] = await accounts.balanceHistory('hyperliquid', 'main', 0, 10);
    expect(facts).toMatchObject({ transfersError: null });
    expect(point).toMatchObject({ equityQuote: state.money!.equityQuote, netTransfersQuote: state.money!.equityQuote });
  });

  it('waits where a position may be part of an equity that equals the deposit', async () => {
    const { world, accounts, refresh } = refreshedAccount(50_000);
    world.state = anAccountState(40_000, { positions: [holding('BTC', '1', 100)] });
    world.transfers = [transfer('a', world.state.money!.equityQuote, 39_000)];

    expect(await refresh()).toMatchObject({ transfersError: 'a transfer is being settled' });
    expect(await accounts.balanceHistory('hyperliquid', 'main', 0, 10)).toEqual([]);
  });

  it('does not believe a snapshot dated well after its arrival, and stores the next true one', async () => {
    const { world, accounts, records, refresh } = refreshedAccount();
    world.state = anAccountState(600_000);

    expect(await refresh()).toMatchObject({ kind: 'from-the-future' });
    expect(await accounts.latest('hyperliquid', 'main')).toBeNull();
    expect(records).toHaveLength(0);

    world.state = anAccountState(8_000);
    expect(await refresh()).toMatchObject({ kind: 'stored', state: { venueTimeMs: 8_000 } });
  });

  it('dates a snapshot of a clock that is a little ahead by its arrival', async () => {
    const { world, accounts, refresh } = refreshedAccount();
    world.state = anAccountState(12_000);

    await refresh();

    expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({ venueTimeMs: 9_000 });
  });

  it('keeps positions but no point of the curve when transfers cannot be read', async () => {
    const { world, accounts, records, refresh } = refreshedAccount();
    world.transfers = timeout;

    expect(await refresh()).toMatchObject({ kind: 'stored', netTransfersQuote: null, transfersError: 'no answer' });

    expect(await accounts.latest('hyperliquid', 'main')).not.toBeNull();
    expect(await accounts.balanceHistory('hyperliquid', 'main', 0, 10)).toEqual([]);
    expect(records).toHaveLength(1);
  });

  it('says nothing about a snapshot that is no news', async () => {
    const { records, refresh } = refreshedAccount();
    await refresh();

    expect(await refresh()).toMatchObject({ kind: 'stale' });
    expect(records).toHaveLength(1);
  });

  describe('money that contradicts itself', () => {
    const BTC = 'BTC/USDC:USDC';
    const long = (mark: number) => holding('BTC', '1', mark);
    const at = (venueTimeMs: number, equityQuote: string, mark = 10_000) =>
      anAccountState(venueTimeMs, { equityQuote, marginUsedQuote: '1000', positions: [long(mark)] });
    const says = (id: string, venueTimeMs: number, accountValue: string, complete = true): ObserverDocument => {
      const document = anObserverDocument(id, venueTimeMs);
      const entry = document.positions[ACCOUNT]!;
      const summary = { accountValue, totalMarginUsed: '0' };
      return {
        ...document,
        positions: { [ACCOUNT]: { ...entry, complete, marginSummary: complete ? summary : null } },
      };
    };
    async function readingOf(equityQuote: string) {
      const under = refreshedAccount(5_000);
      under.world.state = at(5_000, equityQuote);
      await under.refresh();
      const read = async (venueTimeMs: number, state: AccountState) => {
        under.clock.set(venueTimeMs);
        under.world.state = state;
        return under.refresh();
      };
      const history = async () =>
        (await under.accounts.balanceHistory('hyperliquid', 'main', 0, 10)).map((p) => p.equityQuote);
      return { ...under, read, history };
    }

    it('is not stored, told or put on the curve; positions are, and the last one stays with its age', async () => {
      const { accounts, records, read, history } = await readingOf('15000');
      const facts = await read(65_000, at(65_000, '7500'));

      expect(facts).toMatchObject({ kind: 'stored', state: { money: null } });
      expect(facts.verdict).toMatchObject({
        kind: 'doubted',
        doubt: {
          code: 'money-contradicts',
          numbers: { equityQuote: '7500', expectedQuote: '15000', gapQuote: '7500', lastAtMs: 5_000 },
        },
      });
      expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({
        venueTimeMs: 65_000,
        complete: true,
        money: null,
        believed: { equityQuote: '15000', venueTimeMs: 5_000 },
        positions: [{ symbol: BTC }],
      });
      expect(await history()).toEqual(['15000']);
      expect(records).toHaveLength(1);
    });

    it('believes a crash of prices at once: equity follows from the position and its mark', async () => {
      const { read, history } = await readingOf('15000');
      expect(await read(65_000, at(65_000, '10000', 5_000))).toMatchObject({
        verdict: { kind: 'believed', confirmed: null },
      });
      expect(await history()).toEqual(['15000', '10000']);
    });

    it('believes what both observers have read since, and says that it contradicted', async () => {
      const { world, read, history } = await readingOf('15000');
      world.documents.set('a', says('a', 60_000, '7500'));
      // From before, and therefore about the old equity; then one that could not read everything.
      world.documents.set('b', says('b', 4_000, '7500'));
      expect(await read(65_000, at(65_000, '7500'))).toMatchObject({ verdict: { kind: 'doubted' } });
      world.documents.set('b', says('b', 70_000, '7500', false));
      expect(await read(75_000, at(75_000, '7500'))).toMatchObject({ verdict: { kind: 'doubted' } });

      world.documents.set('b', says('b', 80_000, '7510'));
      expect(await read(85_000, at(85_000, '7500'))).toMatchObject({
        kind: 'stored',
        verdict: { kind: 'believed', confirmed: { code: 'money-contradicts', numbers: { sinceMs: 65_000 } } },
      });
      expect(await history()).toEqual(['15000', '7500']);
      expect(await read(95_000, at(95_000, '7490'))).toMatchObject({ verdict: { kind: 'believed', confirmed: null } });
    });

    it('latches a drawdown at once in a crash of prices, and not on a contradiction before the observers have read it', async () => {
      const stops = async ({ accounts, runs }: Pick<ReturnType<typeof refreshedAccount>, 'accounts' | 'runs'>) => {
        const deps = { accounts, runs, clock: manualClock(75_000) };
        const settings = takeProfitSettingsSchema.parse({ threshold: 1, reward_multiple: 5 });
        return (await checkTakeProfit(deps, { exchange: 'hyperliquid', account: 'main', settings })).state.latched;
      };
      const baseline = async () => {
        const under = await readingOf('15000');
        for (let n = 1; n <= 4; n += 1) await under.read(5_000 + n, at(5_000 + n, '15000'));
        return under;
      };
      const crash = await baseline();
      await crash.read(65_000, at(65_000, '11000', 6_000));
      expect(await stops(crash)).toBe('drawdown');

      const wrong = await baseline();
      await wrong.read(65_000, at(65_000, '7500'));
      expect(await stops(wrong)).toBeNull();
      for (const id of ['a', 'b']) wrong.world.documents.set(id, says(id, 70_000, '7500'));
      await wrong.read(75_000, at(75_000, '7500'));
      expect(await stops(wrong)).toBe('drawdown');
    });

    it('never believes that there is no equity while margin is in use, whoever says so', async () => {
      const { world, read } = await readingOf('15000');
      for (const id of ['a', 'b']) world.documents.set(id, says(id, 60_000, '0'));
      expect(await read(65_000, at(65_000, '0'))).toMatchObject({
        verdict: { kind: 'doubted', doubt: { numbers: { equityQuote: '0', marginUsedQuote: '1000' } } },
      });
    });

    it('begins anew after a clock that was ahead: what was believed in the future compares with nothing before then', async () => {
      const { world, accounts, read } = await readingOf('15000');
      await accounts.saveSnapshot(
        anAccountState(90_000_000, { account: 'main', equityQuote: '15000' }),
        '0',
        90_000_000,
      );
      world.documents.set('a', says('a', 64_000, '15000'));
      expect(await read(65_000, at(65_000, '7500'))).toMatchObject({ verdict: { kind: 'doubted' } });
      for (const id of ['a', 'b']) world.documents.set(id, says(id, 64_000, '7500'));
      expect(await read(65_000, at(65_000, '7500'))).toMatchObject({ verdict: { kind: 'believed' } });
    });

    it('believes a deposit from the moment on that ledger or equity shows it', async () => {
      const { world, read, history } = await readingOf('15000');
      world.transfers = [transfer('d', '9000', 64_000)];
      expect(await read(65_000, at(65_000, '15000'))).toMatchObject({ verdict: { kind: 'believed', confirmed: null } });
      expect(await read(66_000, at(66_000, '24000'))).toMatchObject({ verdict: { kind: 'believed', confirmed: null } });
      expect(await read(90_000, at(90_000, '24000'))).toMatchObject({ verdict: { kind: 'believed', confirmed: null } });
      expect(await history()).toEqual(['15000', '24000']);
    });

    it('takes no loss from a ledger that alone contradicts: equity and observers are what they were', async () => {
      const { world, accounts, refresh, clock } = refreshedAccount(50_000);
      world.transfers = [transfer('d', '15000', 10_000)];
      world.state = at(50_000, '15000');
      await refresh();
      const read = async (venueTimeMs: number, equityQuote: string, transfers: readonly VenueTransfer[]) => {
        clock.set(venueTimeMs);
        world.state = at(venueTimeMs, equityQuote);
        world.transfers = transfers;
        for (const id of ['a', 'b']) world.documents.set(id, says(id, venueTimeMs - 1_000, equityQuote));
        return refresh();
      };
      const [tenfold, none] = [[transfer('d', '150000', 10_000)], []];
      for (const [n, wrong] of [tenfold, none].entries()) {
        const facts = await read(80_000 + n, '15000', wrong);
        expect(facts).toMatchObject({ kind: 'stored', verdict: { kind: 'believed', confirmed: null } });
        expect(facts.partly).toMatch(/ledger: .*15000/);
      }
      const paidIn = [transfer('d', '15000', 10_000), transfer('e', '5000', 90_000)];
      expect(await read(110_000, '20000', paidIn)).toMatchObject({ partly: null, verdict: { confirmed: null } });
      expect(
        (await accounts.balanceHistory('hyperliquid', 'main', 0, 10)).map((p) => [p.equityQuote, p.netTransfersQuote]),
      ).toEqual([
        ['15000', '15000'],
        ['15000', '15000'],
        ['15000', '15000'],
        ['20000', '20000'],
      ]);
    });

    it('does not wait for ever for a transfer that the venue dates in the future', async () => {
      const { world, read, history } = await readingOf('15000');
      world.transfers = [transfer('d', '9000', 4_102_444_799_000)];
      world.odd = [];
      expect(await read(65_000, at(65_000, '15000'))).toMatchObject({ verdict: { kind: 'believed', confirmed: null } });
      expect(await read(95_000, at(95_000, '15001'))).toMatchObject({ verdict: { kind: 'believed', confirmed: null } });
      expect(await history()).toEqual(['15000', '15000', '15001']);
    });

    it('counts fills since, also after a restart: what is held and what was paid are both of the database', async () => {
      const { orders, read } = await readingOf('15000');
      const sold = fill({ symbol: BTC, side: 'sell', price: '16000', size: '1', feeQuote: '7', venueTimeMs: 60_000 });
      await orders.saveFills('hyperliquid', 'main', [{ ...sold, ours: true }], 60_000);
      const flat = anAccountState(65_000, { equityQuote: '20993' });
      expect(await read(65_000, flat)).toMatchObject({ verdict: { kind: 'believed', confirmed: null } });
    });
  });

  it('tells nobody of the equity of a part', async () => {
    const { world, accounts, records, refresh } = refreshedAccount();
    const subAccounts = [{ name: 'xyz', complete: false, venueTimeMs: null, error: '502' }];
    world.state = anAccountState(6_000, { complete: false, money: null, subAccounts });

    await refresh();

    expect(records).toEqual([]);
    expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({
      complete: false,
      money: null,
      moneyDoubt: { code: 'partial-reading' },
    });
  });

  it('leaves what is stored alone when the venue cannot be read', async () => {
    const { world, accounts, records, refresh } = refreshedAccount();
    await refresh();
    world.state = timeout;

    await expect(refresh()).rejects.toThrow(timeout);
    expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({ venueTimeMs: 5_000 });
    expect(records).toHaveLength(1);
  });
});
