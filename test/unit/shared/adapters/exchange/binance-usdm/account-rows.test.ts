import { describe, expect, it } from 'vitest';
import { modeOf } from '#shared/adapters/exchange/binance-usdm/account-reader.ts';
import {
  fillReader,
  moneyOf,
  orderReader,
  positionReader,
  toOrder,
  transferReader,
} from '#shared/adapters/exchange/binance-usdm/account-rows.ts';
import { usdmTrades } from '#shared/adapters/exchange/binance-usdm/feed-protocols.ts';
import { unifiedSymbol, venueSymbolOf } from '#shared/adapters/exchange/binance-usdm/usdm-symbols.ts';
import { orderSchema } from '#shared/adapters/exchange/binance-usdm/wire-schemas.ts';
import { siftRows } from '#shared/adapters/exchange/wire/sift-rows.ts';
import config from '#test/fixtures/binance-usdm/account-config.json' with { type: 'json' };
import account from '#test/fixtures/binance-usdm/account-v3-single-asset.json' with { type: 'json' };
import income from '#test/fixtures/binance-usdm/income.json' with { type: 'json' };
import openOrders from '#test/fixtures/binance-usdm/open-orders.json' with { type: 'json' };
import knocked from '#test/fixtures/binance-usdm/order-expired-in-match.json' with { type: 'json' };
import hedge from '#test/fixtures/binance-usdm/position-risk-hedge.json' with { type: 'json' };
import oneWay from '#test/fixtures/binance-usdm/position-risk-one-way.json' with { type: 'json' };
import stream from '#test/fixtures/binance-usdm/stream-agg-trade.json' with { type: 'json' };
import trades from '#test/fixtures/binance-usdm/user-trades.json' with { type: 'json' };

/** The documentation's answers: their sources stand in the fixtures. */
describe('Binance USD-M rows', () => {
  it('counts USDT and USDC from their rows, whatever the totals say', () => {
    expect(moneyOf(account.answer.assets)).toMatchObject({ money: { equityQuote: '126.84814884' }, moneyDoubt: null });
    expect(moneyOf([])).toMatchObject({ money: null, moneyDoubt: { code: 'partial-reading' } });
    const [usdt] = account.answer.assets;
    expect(moneyOf([{ ...usdt, marginBalance: '999' }])).toMatchObject({ moneyDoubt: { code: 'money-contradicts' } });
    expect(moneyOf([usdt, { ...usdt, walletBalance: null }])).toMatchObject({ money: null });
    expect(moneyOf([usdt, { asset: 'BNFCR', walletBalance: '5' }])).toMatchObject({
      moneyDoubt: { code: 'account-mode-refused' },
    });
  });

  it('refuses hedge and multi-assets mode by name', () => {
    expect(modeOf(config.answer).refused).toContain('mode hedge is refused');
    const { refused, mode } = modeOf({ dualSidePosition: false, multiAssetsMargin: true });
    expect([mode, refused?.startsWith('mode multi-assets is refused')]).toEqual(['multi-assets', true]);
    expect(modeOf({ dualSidePosition: false, multiAssetsMargin: false }).refused).toBeNull();
  });

  it('reads positions, and none of hedge mode', () => {
    expect(siftRows(oneWay.answer, positionReader(new Set())).rows).toMatchObject([
      { symbol: 'ADA/USDT:USDT', coin: 'ADAUSDT', size: '30', valueQuote: '12.314277', liquidationPrice: null },
    ]);
    const { rows, odd } = siftRows(hedge.answer, positionReader(new Set()));
    expect([rows.length, odd.every(({ why }) => why.includes('hedge mode'))]).toEqual([0, true]);
  });

  it('knows what its words for an order mean', () => {
    expect(siftRows(openOrders.answer, orderReader).rows).toMatchObject([{ status: 'open', clientOrderId: null }]);
    expect(toOrder(orderSchema.parse(knocked.answer))).toMatchObject({ status: 'cancelled', endCode: 'self-trade' });
    const ended = { ...knocked.answer, status: 'EXPIRED', timeInForce: 'IOC' };
    expect(toOrder(orderSchema.parse(ended))).toMatchObject({ status: 'cancelled', endCode: 'ioc-no-match' });
    const partly = orderSchema.parse({ ...ended, executedQty: '0.4' });
    expect(toOrder(partly)).toMatchObject({ endCode: 'cancelled', remainingSize: '0.6' });
    expect(() => toOrder(orderSchema.parse({ ...ended, status: 'NEW_WORD' }))).toThrow(RangeError);
  });

  it('tells a fill by its order, and a fee in another coin as unknown', () => {
    const [trade] = trades.answer.map((row) => ({ ...row, positionSide: 'BOTH' }));
    const own = `0x${'a'.repeat(32)}`;
    const read = (row: unknown, origin: string) => siftRows([row], fillReader(new Map([['25851813', origin]])));
    expect(read(trade, own).rows).toMatchObject([
      { clientOrderId: own, feeQuote: '0.0781901', fee: { currency: 'USDT' }, crossed: true, liquidation: false },
    ]);
    expect(read({ ...trade, commissionAsset: 'BNB' }, own).rows).toMatchObject([
      { feeQuote: null, fee: { amount: '0.0781901', currency: 'BNB' } },
    ]);
    expect(read(trade, 'autoclose-1').rows).toMatchObject([{ clientOrderId: null, liquidation: true }]);
    expect(siftRows([trade], fillReader(new Map())).odd).toMatchObject([{ symbol: 'BTC/USDT:USDT' }]);
    expect(siftRows(trades.answer, fillReader(new Map([['25851813', own]]))).odd[0]?.why).toContain('hedge mode');
  });

  it('takes transfers, leaves trading out, and sets unknown kinds of income aside with their amount', () => {
    const [transfer, commission] = income.answer;
    const { rows, odd } = siftRows(
      [transfer, commission, { ...transfer, incomeType: 'AUTO_EXCHANGE' }],
      transferReader,
    );
    expect(rows).toEqual([{ id: 'TRANSFER:9689322392:USDT', amountQuote: '-0.375', venueTimeMs: 1_570_608_000_000 }]);
    expect(odd).toMatchObject([{ why: 'unknown kind AUTO_EXCHANGE', amountQuote: '0.37500000' }]);
  });

  it.each([
    ['BTCUSDT', 'BTC/USDT:USDT'],
    ['1000SHIBUSDC', '1000SHIB/USDC:USDC'],
    ['BTCUSDT_260925', null],
    ['BTCUSD_PERP', null],
    ['ETHBTC', null],
    [7, null],
  ])('names %s as %s', (venueSymbol, symbol) => {
    expect(unifiedSymbol(venueSymbol)).toBe(symbol);
    if (symbol !== null) expect(venueSymbolOf(symbol)).toBe(venueSymbol);
  });

  it('asks for aggregated trades and reads them, its answers and its refusals', () => {
    const protocol = usdmTrades('binance-usdm');
    const [request] = protocol.requests('subscribe', ['BTCUSDT', 'ETHUSDT']);
    expect(JSON.parse(request ?? '')).toEqual({
      method: 'SUBSCRIBE',
      params: ['btcusdt@aggTrade', 'ethusdt@aggTrade'],
      id: 1,
    });
    const symbols = new Map([['BTCUSDT', 'BTC/USDT:USDT']]);
    const decode = (message: unknown) => protocol.decode(JSON.stringify(message), symbols);
    expect(decode({ result: null, id: 1 })).toEqual({ kind: 'subscribed', venueSymbols: ['BTCUSDT', 'ETHUSDT'] });
    expect(decode({ result: null, id: 1 })).toEqual({ kind: 'noted' });
    expect(decode(stream.answer)).toMatchObject({
      groups: [{ symbol: 'BTC/USDT:USDT', ticks: [{ tradeId: '5933014', price: '0.001', size: '100', side: 'sell' }] }],
    });
    expect(decode({ ...stream.answer, st: 2 })).toEqual({ kind: 'noted' });
    expect(decode({ ...stream.answer, p: '-1' })).toMatchObject({ drop: { suspects: ['BTCUSDT'] } });
    expect(decode({ ...stream.answer, s: 'XRPUSDT' })).toMatchObject({ drop: { reason: 'unknown-coin' } });
    protocol.requests('subscribe', ['BTCUSDT']);
    expect(decode({ error: { code: 2, msg: 'Invalid request' }, id: 2 })).toEqual({
      kind: 'refused',
      venueSymbols: ['BTCUSDT'],
      message: '2: Invalid request',
    });
    expect(protocol.decode('{', symbols)).toMatchObject({ kind: 'dropped', drop: { suspects: 'all' } });
  });
});
