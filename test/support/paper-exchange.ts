import { createPaper } from '#shared/adapters/exchange/paper/create-paper.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import type { PaperSettings } from '#shared/messages/venue-settings.ts';
import type { ExchangeUnderTest } from './exchange-under-test.ts';
import { hyperliquidOnSimulator } from './hyperliquid-on-simulator.ts';

export const PAPER_SETTINGS: PaperSettings = {
  equityQuote: 10_000,
  takerFee: 0.00045,
  makerFee: 0.00015,
  spreadBps: 2,
  depthQuote: 40_000,
  priceAgeMsMax: 120_000,
};

/** The paper venue over a database whose prices are the simulator's, stored once a second of passing market time. */
export async function paperExchange(db: Db): Promise<ExchangeUnderTest> {
  const { simulator, hyperliquid, telemetry, clock } = hyperliquidOnSimulator();
  const { marketData } = hyperliquid;
  const accounts = [{ name: 'main', address: '0xd015e5ee7f94d868257e8ba87ef47529a206587e' }];
  const exchange = 'hyperliquid';
  const paper = createPaper({ exchange, settings: PAPER_SETTINGS, accounts, dexes: ['xyz'], db, clock, telemetry });
  await sqlInstrumentsRepository(db).replaceAll(exchange, (await marketData.loadInstruments()).rows, simulator.nowMs());
  const prices = sqlPricesRepository(db);
  const storePrices = async () => {
    const nowMs = simulator.nowMs();
    const marks = (await marketData.fetchMarkPrices()).rows;
    const ticks = marks.map(({ symbol, markPrice }) => ({
      exchange,
      symbol,
      tradeId: String(nowMs),
      venueTimeMs: nowMs,
      price: markPrice,
      size: '1',
      side: 'buy' as const,
    }));
    await prices.saveTicks(ticks, nowMs);
    await prices.saveMarkPrices(exchange, marks);
  };
  await storePrices();
  return {
    marketData,
    ...paper,
    account: 'main',
    symbols: ['BTC/USDC:USDC', 'XYZ-CL/USDC:USDC'],
    subAccounts: ['native', 'xyz'],
    nowMs: () => simulator.nowMs(),
    pass: async (ms) => {
      for (let left = ms; left > 0; left -= 1_000) {
        simulator.advance(simulator.nowMs() + Math.min(left, 1_000));
        await storePrices();
      }
    },
    close: () => hyperliquid.close(),
  };
}
