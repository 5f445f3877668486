import { describe, expect, it } from 'vitest';
import { readStatusWord } from '#shared/adapters/exchange/hyperliquid/order-status-words.ts';
import { ownTableView, readingOf } from '#shared/core/reconciliation/account-view.ts';
import { exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { json, MASTER, type SentRequest, scriptedHyperliquid, T0 } from '#test/support/scripted-venue.ts';

const position = (coin: string, szi: string) => ({
  type: 'oneWay',
  position: {
    coin,
    szi,
    entryPx: '100.0',
    positionValue: '250.0',
    unrealizedPnl: '-0.0',
    marginUsed: '25.0',
    liquidationPx: null,
    leverage: { type: 'cross', value: 10 },
  },
});
const native = {
  marginSummary: { accountValue: '1000.5', totalMarginUsed: '60.0' },
  crossMaintenanceMarginUsed: '50.25',
  withdrawable: '900.0',
  assetPositions: [position('kPEPE', '-2.50'), position('ETH', '0.0')],
  time: T0 - 100,
};
const dex = {
  marginSummary: { accountValue: '200.0', totalMarginUsed: '40.0' },
  crossMaintenanceMarginUsed: '1.0',
  withdrawable: '160.0',
  assetPositions: [position('xyz:INTC', '3.0')],
  time: T0 - 900,
};
const byDex =
  (answers: { native: () => Response | Promise<Response>; xyz: () => Response | Promise<Response> }) =>
  (request: SentRequest) =>
    request.body.type === 'userAbstraction'
      ? json('default')
      : request.body.dex === 'xyz'
        ? answers.xyz()
        : answers.native();
const read = (answer: Parameters<typeof scriptedHyperliquid>[0]) => scriptedHyperliquid(answer, { secrets: null });

describe('account state', () => {
  it('adds sub-accounts up as the original does: 1200.5 and 90.25', async () => {
    const { hyperliquid, sent } = read(byDex({ native: () => json(native), xyz: () => json(dex) }));
    expect(await hyperliquid.accountReader.fetchAccountState('main')).toEqual({
      exchange: 'hyperliquid',
      account: 'main',
      venueTimeMs: T0 - 900,
      complete: true,
      subAccounts: [
        { name: 'native', complete: true, venueTimeMs: T0 - 100, error: null },
        { name: 'xyz', complete: true, venueTimeMs: T0 - 900, error: null },
      ],
      positions: [
        {
          symbol: 'KPEPE/USDC:USDC',
          coin: 'kPEPE',
          size: '-2.5',
          entryPrice: '100',
          valueQuote: '250',
          unrealizedPnlQuote: '0',
          marginUsedQuote: '25',
          liquidationPrice: null,
        },
        expect.objectContaining({ symbol: 'XYZ-INTC/USDC:USDC', coin: 'xyz:INTC', size: '3' }),
      ],
      odd: [],
      money: {
        equityQuote: '1200.5',
        marginUsedQuote: '100',
        maintenanceMarginQuote: '90.25',
        withdrawableQuote: '1060',
      },
      moneyDoubt: null,
      mode: 'default',
    });
    expect(sent.map((request) => request.body)).toEqual([
      { type: 'userAbstraction', user: MASTER },
      { type: 'clearinghouseState', user: MASTER },
      { type: 'clearinghouseState', user: MASTER, dex: 'xyz' },
    ]);
  });

  it.each([
    ['fails', () => new Response('null', { status: 500 })],
    ['has lost a field', () => json({ ...dex, time: undefined })],
    ['has a number that is no text, and no position', () => json({ ...dex, withdrawable: 160, assetPositions: [] })],
    [
      'has a position without a coin',
      () => json({ ...dex, assetPositions: [position('xyz:INTC', '1'), { type: 'oneWay', position: { szi: '1' } }] }),
    ],
    ['is null', () => json(null)],
    ['is ignored, and the native part comes twice', () => json(native)],
    [
      'names a native coin among its own',
      () => json({ ...dex, assetPositions: [...dex.assetPositions, position('BTC', '1')] }),
    ],
    ['holds a coin of another dex', () => json({ ...dex, assetPositions: [position('abc:INTC', '1')] })],
  ])('is incomplete and says why, when a dex %s', async (_, xyz) => {
    const { hyperliquid } = read(byDex({ native: () => json(native), xyz }));
    const state = await hyperliquid.accountReader.fetchAccountState('main');
    expect(state.complete).toBe(false);
    expect(state.subAccounts[1]).toMatchObject({ name: 'xyz', complete: false, venueTimeMs: null });
    expect(state.subAccounts[1]?.error).toBeTruthy();
    expect(state.positions.map((p) => p.coin)).toEqual(['kPEPE']);
    expect(state.money, 'a part is nobody’s equity').toBeNull();
    expect(state.moneyDoubt).toMatchObject({ code: 'partial-reading', numbers: { read: 1, of: 2 } });
  });

  it.each([
    ['is of a new kind', [{ ...position('xyz:ODD', '1'), type: 'hedge' }]],
    ['is there twice', [position('xyz:ODD', '1'), position('xyz:ODD', '2')]],
    ['has a size that is no text', [{ type: 'oneWay', position: { ...position('xyz:ODD', '1').position, szi: 1 } }]],
    [
      'has a negative value',
      [{ type: 'oneWay', position: { ...position('xyz:ODD', '1').position, positionValue: '-1' } }],
    ],
    [
      'was entered at nothing',
      [{ type: 'oneWay', position: { ...position('xyz:ODD', '1').position, entryPx: '0.0' } }],
    ],
  ])('knows every position but the one that %s: it is unknown, and not flat', async (_, odd) => {
    const xyz = { ...dex, assetPositions: [...dex.assetPositions, ...odd] };
    const { hyperliquid } = read(byDex({ native: () => json(native), xyz: () => json(xyz) }));
    const state = await hyperliquid.accountReader.fetchAccountState('main');
    expect(state).toMatchObject({ complete: true, money: { equityQuote: '1200.5' } });
    expect(state.positions.map((p) => p.coin)).toEqual(['kPEPE', 'xyz:INTC']);
    expect(state.subAccounts[1]?.unread).toEqual([{ symbol: 'XYZ-ODD/USDC:USDC', coin: 'xyz:ODD' }]);
    expect(state.odd).toHaveLength(odd.length);
    const view = ownTableView('own', state);
    expect(readingOf(view, { venueSymbol: 'xyz:ODD', subAccount: 'xyz' })).toMatchObject({
      size: null,
      complete: false,
    });
    expect(readingOf(view, { venueSymbol: 'xyz:CL', subAccount: 'xyz' })).toMatchObject({ size: '0', complete: true });
  });

  it('counts the same money without positions once: nothing in the answer tells it from one answer given twice', async () => {
    const flat = { ...native, assetPositions: [] };
    const { hyperliquid } = read(byDex({ native: () => json(flat), xyz: () => json({ ...flat, time: T0 }) }));
    const state = await hyperliquid.accountReader.fetchAccountState('main');
    expect(state).toMatchObject({ complete: false, subAccounts: [{ complete: true }, { complete: false }] });
    expect(state.subAccounts[1]?.error).toContain('the same money as native');
  });

  it('takes two sub-accounts without money for what they are', async () => {
    const summary = { accountValue: '0.0', totalMarginUsed: '0.0' };
    const empty = { ...native, marginSummary: summary, withdrawable: '0.0', assetPositions: [] };
    const { hyperliquid } = read(byDex({ native: () => json(empty), xyz: () => json(empty) }));
    expect(await hyperliquid.accountReader.fetchAccountState('main')).toMatchObject({
      complete: true,
      money: { equityQuote: '0' },
    });
  });

  it('is incomplete too when the native part fails, and an error when nothing can be read', async () => {
    const down = () => new Response('', { status: 503 });
    const { hyperliquid } = read(byDex({ native: down, xyz: () => json(dex) }));
    const state = await hyperliquid.accountReader.fetchAccountState('main');
    expect(state).toMatchObject({ complete: false, money: null, venueTimeMs: T0 - 900 });
    await expect(read(down).hyperliquid.accountReader.fetchAccountState('main')).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });

  it('tries a read again before it gives up, and asks the master by address', async () => {
    let failures = 2;
    const flaky = () => {
      failures -= 1;
      return failures >= 0 ? new Response('', { status: 502 }) : json(native);
    };
    const { hyperliquid, sent } = scriptedHyperliquid(flaky, { dexes: [], secrets: null });
    expect(await hyperliquid.accountReader.fetchAccountState(MASTER.toUpperCase().replace('0X', '0x'))).toMatchObject({
      complete: true,
    });
    expect(new Set(sent.map((request) => request.body.user))).toEqual(new Set([MASTER]));
    expect(sent.filter(({ body }) => body.type === 'clearinghouseState').length).toBeGreaterThan(1);
  });
});

describe('orders as the venue tells them', () => {
  const wire = {
    coin: 'xyz:INTC',
    side: 'A',
    limitPx: '31.50',
    sz: '1.0',
    origSz: '3.0',
    oid: 91490942,
    timestamp: T0,
    cloid: `0x${'AB'.repeat(16)}`,
    reduceOnly: false,
  };
  const status = (word: string, over = {}) =>
    json({ status: 'order', order: { order: { ...wire, ...over }, status: word, statusTimestamp: T0 + 5 } });
  const cloid = `0x${'ab'.repeat(16)}` as const;
  const look = (answer: () => Response) =>
    read(answer).hyperliquid.accountReader.fetchOrder('main', 'BTC/USDC:USDC', cloid);

  it('reads a partly filled order', async () => {
    expect(await look(() => status('open'))).toEqual({
      kind: 'found',
      order: {
        symbol: 'XYZ-INTC/USDC:USDC',
        venueOrderId: '91490942',
        clientOrderId: cloid,
        side: 'sell',
        originalSize: '3',
        remainingSize: '1',
        limitPrice: '31.5',
        status: 'partially-filled',
        venueStatus: 'open',
        statusTimeMs: T0 + 5,
      },
    });
  });

  it.each([
    ['filled', 'filled', undefined],
    ['canceled', 'cancelled', 'cancelled'],
    ['marginCanceled', 'cancelled', 'margin-cancelled'],
    ['scheduledCancel', 'cancelled', 'scheduled-cancel'],
    ['iocCancelRejected', 'rejected', 'ioc-no-match'],
    ['marketOrderNoLiquidityRejected', 'rejected', 'ioc-no-match'],
    ['perpMarginRejected', 'rejected', 'insufficient-margin'],
    ['rejected', 'rejected', undefined],
  ])('reads the word %s as %s, for %s', (word, status, endCode) => {
    expect(readStatusWord(word, '0', '1')).toEqual({ status, endCode });
  });

  it.each(['weird', 'Canceled', '', 'toString', 'somethingCanceled'])('does not guess at the word %s', (word) => {
    expect(readStatusWord(word, '0', '1')).toBeNull();
  });

  it.each([
    ['a word that is new', () => status('paused')],
    ['another order than the asked one', () => status('open', { cloid: `0x${'cd'.repeat(16)}` })],
    ['a side that is new', () => status('open', { side: 'C' })],
    ['an envelope that is new', () => json({ status: 'gone' })],
  ])('calls the reply malformed, and counts it, when it has %s', async (_, answer) => {
    const { hyperliquid, telemetry } = read(answer);
    await expect(hyperliquid.accountReader.fetchOrder('main', 'BTC/USDC:USDC', cloid)).rejects.toMatchObject({
      kind: 'malformed-reply',
    });
    expect(telemetry.counts.get(exchangeMetrics.malformed)).toBe(1);
  });

  it('says not found only in the venue’s own words', async () => {
    expect(await look(() => json({ status: 'unknownOid' }))).toEqual({ kind: 'not-found' });
    await expect(look(() => new Response('', { status: 500 }))).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('lists no open orders when a dex answers with those of another', async () => {
    const order = { ...wire, coin: 'BTC' };
    const { hyperliquid } = read(byDex({ native: () => json([order]), xyz: () => json([order]) }));
    await expect(hyperliquid.accountReader.fetchOpenOrders('main')).rejects.toMatchObject({ kind: 'malformed-reply' });
  });

  it.each([
    ['a side that is new', { side: 'C' }],
    ['a negative size', { sz: '-1.0' }],
    ['a price of zero', { limitPx: '0.0' }],
  ])('lists the open orders beside one of %s', async (_, over) => {
    const xyz = () => json([{ ...wire, oid: 1, ...over }, wire, { coin: '#20' }]);
    const { hyperliquid } = read(byDex({ native: () => json([]), xyz }));
    const { rows, odd } = await hyperliquid.accountReader.fetchOpenOrders('main');
    expect(rows.map((order) => order.venueOrderId)).toEqual(['91490942']);
    expect(odd).toMatchObject([{ list: 'open-orders', key: '1', symbol: 'XYZ-INTC/USDC:USDC', venueTimeMs: T0 }]);
  });

  it('lists no open orders when one dex cannot be asked', async () => {
    const down = () => new Response('', { status: 500 });
    const { hyperliquid } = read(byDex({ native: () => json([]), xyz: down }));
    await expect(hyperliquid.accountReader.fetchOpenOrders('main')).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
