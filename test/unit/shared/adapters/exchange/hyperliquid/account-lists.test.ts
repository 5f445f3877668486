import { describe, expect, it } from 'vitest';
import { exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { type Answer, json, MASTER, scriptedHyperliquid, T0 } from '#test/support/scripted-venue.ts';

const read = (answer: Answer) =>
  scriptedHyperliquid((request) => (request.body.type === 'userAbstraction' ? json('default') : answer(request)), {
    secrets: null,
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
    const fills = (await hyperliquid.accountReader.fetchFills('main', [], 0)).rows;
    expect(fills.map((f) => [f.tradeId, f.liquidation])).toEqual([
      ['1', false],
      ['2', true],
      ['3', false],
    ]);
    expect(fills[0]).toMatchObject({ price: '65000', feeQuote: '-0.01', startPosition: '-0.01', crossed: false });
  });

  it('leave out, counted, what is no perpetual: spot pairs and outcomes (HIP-4), however odd', async () => {
    const others = [
      fill({ coin: '@107' }),
      fill({ coin: 'PURR/USDC' }),
      fill({ coin: '#20', px: null }),
      { coin: '+20' },
    ];
    const { hyperliquid, telemetry } = read(() => json(others));
    expect(await hyperliquid.accountReader.fetchFills('main', [], 0)).toEqual({ rows: [], odd: [], nextFromMs: null });
    expect(telemetry.counts.get(exchangeMetrics.malformed)).toBe(4);
  });

  it('are read with an unknown fee when it is more than the fill is worth: no database keeps such a number', async () => {
    const list = [fill({ tid: 7, fee: '99999999999999999999' }), fill({ tid: 8, fee: '-650.1' }), fill({ tid: 9 })];
    const { hyperliquid } = read(() => json(list));
    const { rows, odd } = await hyperliquid.accountReader.fetchFills('main', [], 0);
    expect(rows.map((f) => [f.tradeId, f.feeQuote])).toEqual([
      ['7', null],
      ['8', null],
      ['9', '-0.01'],
    ]);
    expect(odd.map((row) => [row.list, row.why])).toEqual([
      ['fees', 'a fee of 99999999999999999999 for a fill worth 650'],
      ['fees', 'a fee of -650.1 for a fill worth 650'],
    ]);
  });

  it('are odd when their profit is more than there is money, and take no other with them', async () => {
    const { hyperliquid } = read(() => json([fill({ tid: 8, closedPnl: '9007199255' }), fill({ tid: 9 })]));
    const { rows, odd } = await hyperliquid.accountReader.fetchFills('main', [], 0);
    expect(rows.map((f) => f.tradeId)).toEqual(['9']);
    expect(odd).toMatchObject([{ list: 'fills', symbol: 'BTC/USDC:USDC', why: expect.stringContaining('closedPnl') }]);
  });

  it.each([
    ['a dollar of its dex', 'USDH', 0],
    ['a token that is new', 'XYZ', 1],
  ])('are read with an unknown fee when it was paid in %s', async (_, feeToken, oddRows) => {
    const { hyperliquid } = read(() => json([fill({ coin: 'km:US500', feeToken }), fill({ tid: 9 })]));
    const { rows, odd } = await hyperliquid.accountReader.fetchFills('main', [], 0);
    expect(rows.map((f) => [f.symbol, f.side, f.size, f.feeQuote])).toEqual([
      ['BTC/USDC:USDC', 'buy', '0.01', '-0.01'],
      ['KM-US500/USDC:USDC', 'buy', '0.01', null],
    ]);
    expect(odd.map((row) => [row.list, row.why])).toEqual(oddRows === 0 ? [] : [['fees', 'fee in XYZ']]);
  });

  it.each([
    ['a negative size', { sz: '-0.01' }],
    ['no size', { sz: '0.0' }],
    ['a price of zero', { px: '0.0' }],
    ['a negative price', { px: '-1' }],
    ['a side that is new', { side: 'C' }],
    ['a position that is no number', { startPosition: 'flat' }],
  ])('stand beside one of %s, which is set aside under its symbol', async (_, over) => {
    const { hyperliquid } = read(() => json([fill({ tid: 7, coin: 'ETH', ...over }), fill()]));
    const { rows, odd } = await hyperliquid.accountReader.fetchFills('main', [], 0);
    expect(rows.map((f) => f.symbol)).toEqual(['BTC/USDC:USDC']);
    expect(odd).toMatchObject([{ list: 'fills', key: '7:5', symbol: 'ETH/USDC:USDC', venueTimeMs: T0 }]);
    expect(JSON.parse(odd[0]!.payload)).toMatchObject(over);
  });

  it('say where a full page goes on, whatever is in it', async () => {
    const page = Array.from({ length: 2_000 }, (_, i) => fill({ coin: '@107', tid: i, time: T0 + i }));
    const { hyperliquid } = read(() => json(page));
    expect(await hyperliquid.accountReader.fetchFills('main', [], 0)).toMatchObject({
      rows: [],
      nextFromMs: T0 + 1_999,
    });
  });

  it('keep an id that no double can hold', async () => {
    const text = JSON.stringify([fill({ tid: 1 })]).replace('"tid":1', '"tid":9007199254740993');
    const { hyperliquid } = read(() => new Response(text));
    expect((await hyperliquid.accountReader.fetchFills('main', [], 0)).rows[0]?.tradeId).toBe('9007199254740993');
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

    const transfers = (await hyperliquid.accountReader.fetchTransfers('main', 0)).rows;

    expect(transfers).toHaveLength(1_203);
    expect(sent.filter(({ body }) => body.type === 'userNonFundingLedgerUpdates')).toHaveLength(3);
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
      .then(({ rows }) => rows.map((transfer) => transfer.amountQuote));

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
    ['the fee for a new address', { type: 'accountActivationGas', amount: '1.0', token: 'USDC' }, []],
    [
      'tokens to a dex of ours',
      { type: 'perpDexClassTransfer', amount: '3.0', token: 'USDC', dex: 'xyz', toPerp: true },
      ['3'],
    ],
    [
      'tokens from a dex of ours',
      { type: 'perpDexClassTransfer', amount: '3.0', token: 'USDC', dex: 'xyz', toPerp: false },
      ['-3'],
    ],
    [
      'tokens to a dex that we do not count',
      { type: 'perpDexClassTransfer', amount: '3.0', token: 'USDH', dex: 'km', toPerp: true },
      [],
    ],
    ['spot alone', { type: 'spotTransfer', token: 'PURR', amount: '1.0' }, []],
    ['a liquidation', { type: 'liquidation', liquidatedNtlPos: '1.0' }, []],
  ])('counts %s', async (_, delta, expected) => {
    expect(await transfers(delta)).toEqual(expected);
  });

  it.each([
    ['a kind that is new', { type: 'airdrop', usdc: '5.0' }, '5.0'],
    ['a kind that is new, of tokens', { type: 'airdrop', amount: '-5.0', token: 'USDC' }, '5.0'],
    ['a kind that is new, of other tokens', { type: 'airdrop', amount: '5.0', token: 'HYPE' }, null],
    ['an amount that is no text', { type: 'deposit', usdc: 5 }, null],
    ['no amount', { type: 'deposit' }, null],
    ['a direction that is missing', { type: 'accountClassTransfer', usdc: '5.0' }, '5.0'],
  ])('sets %s aside and counts the others', async (_, delta, amountQuote) => {
    const ledger = [
      { time: T0, hash: '0x1', delta },
      { time: T0 + 1, hash: '0x2', delta: { type: 'deposit', usdc: '100.0' } },
    ];
    const { hyperliquid } = read(() => json(ledger));
    const { rows, odd } = await hyperliquid.accountReader.fetchTransfers('main', 0);
    expect(rows.map((transfer) => transfer.amountQuote)).toEqual(['100']);
    expect(odd).toMatchObject([
      { list: 'ledger', key: `0x1:${delta.type}`, symbol: null, venueTimeMs: T0, amountQuote },
    ]);
  });
});
