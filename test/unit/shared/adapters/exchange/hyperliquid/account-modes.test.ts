import { describe, expect, it } from 'vitest';
import { readAccountForObserver } from '#shared/adapters/exchange/hyperliquid/observer-reader.ts';
import { type Answer, json, MASTER, scriptedFetch, scriptedHyperliquid, T0 } from '#test/support/scripted-venue.ts';

const position = (coin: string, marginUsed: string) => ({
  type: 'oneWay',
  position: {
    coin,
    szi: '1.0',
    entryPx: '100.0',
    positionValue: '250.0',
    unrealizedPnl: '10.0',
    marginUsed,
    liquidationPx: null,
  },
});
const perp = (accountValue: string, withdrawable: string, positions: readonly unknown[], maintenance = '0.0') => ({
  marginSummary: { accountValue, totalMarginUsed: accountValue },
  crossMaintenanceMarginUsed: maintenance,
  withdrawable,
  assetPositions: positions,
  time: T0,
});
const usdc = (total: string, over = {}) => ({ coin: 'USDC', token: 0, total, hold: '0.0', entryNtl: '0.0', ...over });

interface Venue {
  readonly mode: string | null;
  readonly spot?: unknown;
  readonly native?: unknown;
  readonly xyz?: unknown;
}
const venue =
  ({ mode, spot, native, xyz }: Venue): Answer =>
  ({ body }) => {
    if (body.type === 'userAbstraction') return mode === null ? new Response('null', { status: 500 }) : json(mode);
    if (body.type === 'spotClearinghouseState') return spot ? json(spot) : new Response('null', { status: 500 });
    return json(body.dex ? (xyz ?? perp('0.0', '0.0', [])) : (native ?? perp('0.0', '0.0', [])));
  };
const own = (answers: Venue) =>
  scriptedHyperliquid(venue(answers), { secrets: null }).hyperliquid.accountReader.fetchAccountState('main');
const observed = (answers: Venue) =>
  readAccountForObserver({
    url: 'https://venue.test',
    address: MASTER,
    dexes: ['xyz'],
    observerId: 'observer-1',
    fetch: scriptedFetch(venue(answers)).fetch,
    timeoutMs: 50,
  });

describe('account modes', () => {
  it.each(['unifiedAccount', 'portfolioMargin'])(
    'take the money of %s from the spot state, as a recorded account has it',
    async (mode) => {
      // Recorded on mainnet: the perpetual state names less than half of it.
      const native = perp('549463.36', '7046.15', [position('BTC', '40000.0')]);
      const xyz = perp('0.0', '0.0', [position('xyz:CL', '2000.0')]);
      const balances = [usdc('1279260.80', { hold: '42000.0' })];
      const spot = { balances, tokenToAvailableAfterMaintenance: [[0, '1235001.99']] };
      expect(await own({ mode, spot, native, xyz })).toMatchObject({
        complete: true,
        mode,
        moneyDoubt: null,
        money: {
          equityQuote: '1279260.8',
          withdrawableQuote: '1237260.8',
          marginUsedQuote: '42000',
          maintenanceMarginQuote: '44258.81',
        },
        positions: [{ unrealizedPnlQuote: '10' }, { unrealizedPnlQuote: '10' }],
      });
      expect(await observed({ mode, spot, native, xyz })).toMatchObject({
        complete: true,
        account_mode: mode,
        marginSummary: { accountValue: '1279260.8' },
      });
    },
  );

  it('adds the maintenance of the dexes up where the spot state does not tell what is left after it', async () => {
    const native = perp('10.0', '0.0', [], '7.5');
    const xyz = perp('5.0', '0.0', [], '2.5');
    const spot = { balances: [usdc('100.0'), { ...usdc('3.0'), coin: 'HYPE', token: 150 }] };
    expect(await own({ mode: 'unifiedAccount', spot, native, xyz })).toMatchObject({
      money: { equityQuote: '100', maintenanceMarginQuote: '10', withdrawableQuote: '100' },
    });
  });

  it.each([
    ['a balance of another token', { coin: '+20', total: null, hold: '0.0', token: 900 }, '100'],
    ['a balance of USDC', { coin: 'USDC', token: 0, total: 'NaN', hold: '0.0' }, null],
    ['a second balance of USDC', usdc('200.0'), null],
    ['a balance of nobody knows what', null, null],
  ])('know of a pooled account what does not hang on an odd row: %s', async (_, row, equity) => {
    const spot = { balances: [usdc('100.0'), row] };
    const from = { mode: 'unifiedAccount', spot, native: perp('10.0', '0.0', [position('BTC', '10.0')]) };
    expect((await own(from)).money?.equityQuote ?? null).toBe(equity);
    expect((await observed(from)).marginSummary?.accountValue ?? null).toBe(equity);
  });

  it.each(['marginSummary', 'crossMaintenanceMarginUsed', 'withdrawable'])(
    'know the positions of a sub-account whose %s cannot be read: exits rest on them',
    async (field) => {
      const native = { ...perp('1000.0', '900.0', [position('BTC', '10.0')]), [field]: { accountValue: null } };
      expect(await own({ mode: 'default', native })).toMatchObject({
        complete: true,
        money: null,
        moneyDoubt: { code: 'partial-reading', message: expect.stringContaining('native') },
        positions: [{ symbol: 'BTC/USDC:USDC' }],
      });
      const seen = await observed({ mode: 'default', native });
      expect(seen).toMatchObject({ complete: true, assetPositions: [{ position: { coin: 'BTC' } }] });
      if (field === 'marginSummary') expect(seen.marginSummary).toBeNull();
    },
  );

  it('read an answer without money and without positions as no answer, never as flat', async () => {
    const xyz = { ...perp('0.0', '0.0', []), marginSummary: null };
    expect((await own({ mode: 'default', xyz })).complete).toBe(false);
    expect((await observed({ mode: 'default', xyz })).complete).toBe(false);
  });

  it.each(['default', 'disabled'])('add the dexes up in mode %s', async (mode) => {
    const native = perp('1000.0', '900.0', []);
    expect(await own({ mode, native })).toMatchObject({ mode, money: { equityQuote: '1000' } });
    expect(await observed({ mode, native })).toMatchObject({ marginSummary: { accountValue: '1000' } });
  });

  it.each([
    ['dexAbstraction', 'account-mode-refused'],
    ['quantumMargin', 'account-mode-unknown'],
    ['toString', 'account-mode-unknown'],
  ])('know no money in mode %s, and say so by name; positions are known', async (mode, code) => {
    const native = perp('1000.0', '900.0', [position('BTC', '40.0')]);
    const state = await own({ mode, native, spot: { balances: [usdc('5.0')] } });
    expect(state).toMatchObject({ complete: true, money: null, mode, moneyDoubt: { code, numbers: { mode } } });
    expect(state.moneyDoubt?.message).toContain(mode);
    expect(state.positions).toHaveLength(1);
    expect(await observed({ mode, native })).toMatchObject({ complete: true, marginSummary: null, account_mode: mode });
  });

  it.each([
    ['holds another collateral', [usdc('100.0'), { ...usdc('3.0'), coin: 'HYPE', token: 150 }], 'HYPE'],
    ['owes', [usdc('100.0', { borrowed: '50.0' })], 'USDC'],
  ])('refuse portfolioMargin by name while it %s', async (_, balances, coin) => {
    const state = await own({ mode: 'portfolioMargin', spot: { balances } });
    expect(state).toMatchObject({
      money: null,
      moneyDoubt: { code: 'account-mode-refused', numbers: { coins: coin } },
    });
    expect(state.moneyDoubt?.message).toContain('portfolioMargin');
    expect(await observed({ mode: 'portfolioMargin', spot: { balances } })).toMatchObject({ marginSummary: null });
  });

  it('know no money, and every position, when the mode or the balances cannot be read', async () => {
    const native = perp('1000.0', '900.0', [position('BTC', '40.0')]);
    for (const mode of [null, 'unifiedAccount']) {
      expect(await own({ mode, native })).toMatchObject({
        complete: true,
        money: null,
        moneyDoubt: { code: 'partial-reading' },
        positions: [{ coin: 'BTC' }],
      });
      expect(await observed({ mode, native })).toMatchObject({ complete: true, marginSummary: null });
    }
  });

  it('count what moves between spot and perpetuals as a transfer only where these are two balances', async () => {
    const delta = (type: string, more: Record<string, unknown>) => ({
      time: T0,
      hash: `0x${type}`,
      delta: { type, ...more },
    });
    const ledger = [
      delta('deposit', { usdc: '1000.0' }),
      delta('accountClassTransfer', { usdc: '400.0', toPerp: false }),
      delta('spotTransfer', {
        token: 'USDC',
        amount: '50.0',
        user: MASTER,
        destination: `0x${'9'.repeat(40)}`,
        fee: '1.0',
      }),
      delta('spotTransfer', {
        token: 'HYPE',
        amount: '7.0',
        user: MASTER,
        destination: `0x${'9'.repeat(40)}`,
        fee: '1.0',
      }),
    ];
    const net = async (mode: string) => {
      const { hyperliquid } = scriptedHyperliquid(
        (request) => (request.body.type === 'userNonFundingLedgerUpdates' ? json(ledger) : venue({ mode })(request)),
        { secrets: null },
      );
      const { rows } = await hyperliquid.accountReader.fetchTransfers('main', 0);
      return rows.reduce((sum, row) => sum + Number(row.amountQuote), 0);
    };
    expect(await net('disabled')).toBe(600);
    expect(await net('unifiedAccount')).toBe(949);
  });

  it('is read by no mode that the venue did not say now, or that cannot be read safely', async () => {
    let mode: string | null = 'unifiedAccount';
    const { hyperliquid } = scriptedHyperliquid(
      (request) => (request.body.type === 'userNonFundingLedgerUpdates' ? json([]) : venue({ mode })(request)),
      { secrets: null },
    );
    const ledger = () => hyperliquid.accountReader.fetchTransfers('main', 0);
    const state = () => hyperliquid.accountReader.fetchAccountState('main');
    await state();
    await expect(ledger()).resolves.toEqual({ rows: [], odd: [] });

    // Silent when the state was read: what it was an hour ago is no answer.
    mode = null;
    await state();
    await expect(ledger()).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining('mode') });
    for (const word of ['dexAbstraction', 'somethingNew']) {
      mode = word;
      await state();
      await expect(ledger()).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringContaining(word) });
    }
    mode = 'default';
    await state();
    await expect(ledger()).resolves.toEqual({ rows: [], odd: [] });
  });
});
