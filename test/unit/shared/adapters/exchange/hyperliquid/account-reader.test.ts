import { describe, expect, it } from 'vitest';
import { readStatusWord } from '#shared/adapters/exchange/hyperliquid/order-status-words.ts';
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
    request.body.dex === 'xyz' ? answers.xyz() : answers.native();
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
      equityQuote: '1200.5',
      marginUsedQuote: '100',
      maintenanceMarginQuote: '90.25',
      withdrawableQuote: '1060',
    });
    expect(sent.map((request) => request.body)).toEqual([
      { type: 'clearinghouseState', user: MASTER },
      { type: 'clearinghouseState', user: MASTER, dex: 'xyz' },
    ]);
  });

  it.each([
    ['fails', () => new Response('null', { status: 500 })],
    ['has lost a field', () => json({ ...dex, time: undefined })],
    ['has a number that is no text', () => json({ ...dex, withdrawable: 160 })],
    [
      'has a position of a new kind',
      () => json({ ...dex, assetPositions: [{ ...position('xyz:INTC', '1'), type: 'hedge' }] }),
    ],
    [
      'names a coin twice',
      () => json({ ...dex, assetPositions: [position('xyz:INTC', '1'), position('xyz:INTC', '2')] }),
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
    expect(state.equityQuote, 'the part that could be read').toBe('1000.5');
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
      equityQuote: '0',
    });
  });

  it('is incomplete too when the native part fails, and an error when nothing can be read', async () => {
    const down = () => new Response('', { status: 503 });
    const { hyperliquid } = read(byDex({ native: down, xyz: () => json(dex) }));
    const state = await hyperliquid.accountReader.fetchAccountState('main');
    expect(state).toMatchObject({ complete: false, maintenanceMarginQuote: '40', venueTimeMs: T0 - 900 });
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
    expect(sent.map((request) => request.body.user)).toEqual([MASTER, MASTER, MASTER]);
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
  const look = (answer: () => Response) => read(answer).hyperliquid.accountReader.fetchOrder('main', cloid);

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
    await expect(hyperliquid.accountReader.fetchOrder('main', cloid)).rejects.toMatchObject({
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

  it('lists no open orders when one dex cannot be asked', async () => {
    const down = () => new Response('', { status: 500 });
    const { hyperliquid } = read(byDex({ native: () => json([]), xyz: down }));
    await expect(hyperliquid.accountReader.fetchOpenOrders('main')).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('fills', () => {
  const fill = (over = {}) => ({
    coin: 'BTC',
    px: '65000.0',
    sz: '0.01',
    side: 'B',
    time: T0,
    startPosition: '-0.01',
    closedPnl: '1.5',
    oid: 5,
    tid: 118906512037719,
    crossed: false,
    fee: '-0.01',
    feeToken: 'USDC',
    hash: '0x0',
    dir: 'Close Short',
    ...over,
  });

  it('are ours as liquidations only when we were the one liquidated', async () => {
    const { hyperliquid } = read(() =>
      json([
        fill({ tid: 3, liquidation: { liquidatedUser: `0x${'9'.repeat(40)}`, markPx: '1', method: 'market' } }),
        fill({ tid: 2, liquidation: { liquidatedUser: MASTER.toUpperCase().replace('0X', '0x') } }),
        fill({ tid: 1 }),
      ]),
    );
    const fills = await hyperliquid.accountReader.fetchFills('main', 0);
    expect(fills.map((f) => [f.tradeId, f.liquidation])).toEqual([
      ['1', false],
      ['2', true],
      ['3', false],
    ]);
    expect(fills[0]).toMatchObject({ price: '65000', feeQuote: '-0.01', startPosition: '-0.01', crossed: false });
  });

  it('leave spot trades out, counted, and refuse a fee that is not in quote', async () => {
    const { hyperliquid, telemetry } = read(() => json([fill({ coin: '@107' }), fill({ coin: 'PURR/USDC' })]));
    expect(await hyperliquid.accountReader.fetchFills('main', 0)).toEqual([]);
    expect(telemetry.counts.get(exchangeMetrics.malformed)).toBe(2);
    const other = read(() => json([fill({ feeToken: 'HYPE' })]));
    await expect(other.hyperliquid.accountReader.fetchFills('main', 0)).rejects.toMatchObject({
      kind: 'malformed-reply',
    });
  });

  it('keep an id that no double can hold', async () => {
    const text = JSON.stringify([fill({ tid: 1 })]).replace('"tid":1', '"tid":9007199254740993');
    const { hyperliquid } = read(() => new Response(text));
    expect((await hyperliquid.accountReader.fetchFills('main', 0))[0]?.tradeId).toBe('9007199254740993');
  });
});

describe('transfers', () => {
  it('are read to the end when the venue cuts the list off', async () => {
    // Two of each moment, one of them the very last of its page.
    const ledger = Array.from({ length: 1_203 }, (_, i) => ({
      time: T0 + Math.floor(i / 2),
      hash: `0x${i}`,
      delta: { type: 'deposit', usdc: '1.0' },
    }));
    const { hyperliquid, sent } = read(({ body }) =>
      json(ledger.filter((entry) => entry.time >= body.startTime).slice(0, 500)),
    );

    const transfers = await hyperliquid.accountReader.fetchTransfers('main', 0);

    expect(transfers).toHaveLength(1_203);
    expect(sent).toHaveLength(3);
  });

  it('are unknown when they do not come to an end', async () => {
    const { hyperliquid } = read(({ body }) =>
      json(
        Array.from({ length: 500 }, (_, i) => ({
          time: Number(body.startTime) + i,
          hash: `0x${body.startTime}${i}`,
          delta: { type: 'deposit', usdc: '1.0' },
        })),
      ),
    );

    await expect(hyperliquid.accountReader.fetchTransfers('main', 0)).rejects.toMatchObject({
      kind: 'malformed-reply',
    });
  });

  const us = MASTER;
  const other = `0x${'7'.repeat(40)}`;
  const transfers = (...deltas: object[]) =>
    read(() => json(deltas.map((delta, i) => ({ time: T0 + i, hash: `0x${i}`, delta }))))
      .hyperliquid.accountReader.fetchTransfers('main', 0)
      .then((list) => list.map((transfer) => transfer.amountQuote));

  it.each([
    ['a deposit', { type: 'deposit', usdc: '100.0' }, ['100']],
    ['a withdrawal', { type: 'withdraw', usdc: '40.0', nonce: 1, fee: '1.0' }, ['-40']],
    ['spot to perpetual', { type: 'accountClassTransfer', usdc: '5.0', toPerp: true }, ['5']],
    ['perpetual to spot', { type: 'accountClassTransfer', usdc: '5.0', toPerp: false }, ['-5']],
    ['to somebody', { type: 'internalTransfer', usdc: '9.0', user: us, destination: other, fee: '1.0' }, ['-10']],
    ['from somebody', { type: 'internalTransfer', usdc: '9.0', user: other, destination: us, fee: '1.0' }, ['9']],
    [
      'between our own dexes',
      { type: 'send', user: us, destination: us, sourceDex: '', destinationDex: 'xyz', usdcValue: '7.0' },
      [],
    ],
    [
      'to a dex that we do not count',
      { type: 'send', user: us, destination: us, sourceDex: '', destinationDex: 'flx', usdcValue: '7.0' },
      ['-7'],
    ],
    [
      'from spot to a dex of ours',
      { type: 'send', user: us, destination: us, sourceDex: 'spot', destinationDex: 'xyz', usdcValue: '7.0' },
      ['7'],
    ],
    ['spot alone', { type: 'spotTransfer', token: 'PURR', amount: '1.0' }, []],
    ['a liquidation', { type: 'liquidation', liquidatedNtlPos: '1.0' }, []],
  ])('counts %s', async (_, delta, expected) => {
    expect(await transfers(delta)).toEqual(expected);
  });

  it.each([
    ['a kind that is new', { type: 'airdrop', usdc: '5.0' }],
    ['an amount that is no text', { type: 'deposit', usdc: 5 }],
    ['no amount', { type: 'deposit' }],
    ['a direction that is missing', { type: 'accountClassTransfer', usdc: '5.0' }],
  ])('refuses %s rather than read it as profit', async (_, delta) => {
    await expect(transfers(delta)).rejects.toMatchObject({ kind: 'malformed-reply' });
  });
});
