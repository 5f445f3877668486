import { describe, expect, it } from 'vitest';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';

const EXCHANGE = 'hyperliquid';
const btc = anInstrument('BTC');
const eth = anInstrument('ETH', { assetId: 1, ...lots(4), maxLeverage: 25 });
const intel = anInstrument('XYZ-INTC', {
  venueSymbol: 'xyz:INTC',
  subAccount: 'xyz',
  marginMode: 'isolated',
  assetId: 110_003,
  minNotionalQuote: '10.5',
});

/** What every store of instruments and products promises. */
export function instrumentsRepositoryContract(name: string, create: () => Promise<InstrumentsRepository>): void {
  describe(`instruments repository: ${name}`, () => {
    it('stores a complete answer and reads it back by symbol', async () => {
      const repository = await create();

      const counts = await repository.replaceAll(EXCHANGE, [intel, eth, btc], 1_000);

      expect(counts).toEqual({ added: 3, changed: 0, delisted: 0, total: 3 });
      expect(await repository.all(EXCHANGE)).toEqual([btc, eth, intel]);
      expect(await repository.all('other')).toEqual([]);
    });

    it('counts what changed and delists what is absent, once', async () => {
      const repository = await create();
      await repository.replaceAll(EXCHANGE, [btc, eth, intel], 1_000);
      const changed = { ...btc, maxLeverage: 50 };

      expect(await repository.replaceAll(EXCHANGE, [changed, eth], 2_000)).toEqual({
        added: 0,
        changed: 1,
        delisted: 1,
        total: 2,
      });
      expect(await repository.replaceAll(EXCHANGE, [changed, eth], 3_000)).toMatchObject({ changed: 0, delisted: 0 });

      expect(await repository.all(EXCHANGE)).toEqual([changed, eth, { ...intel, status: 'delisted' }]);
    });

    it('lists an instrument again when it comes back', async () => {
      const repository = await create();
      await repository.replaceAll(EXCHANGE, [btc, eth], 1_000);
      await repository.replaceAll(EXCHANGE, [btc], 2_000);
      await repository.replaceAll(EXCHANGE, [btc, eth], 3_000);

      expect(await repository.all(EXCHANGE)).toEqual([btc, eth]);
    });

    it('manages, unmanages and manages again', async () => {
      const repository = await create();
      await repository.replaceAll(EXCHANGE, [btc, eth], 1_000);

      expect(await repository.manage(EXCHANGE, eth.symbol, 5, 1_000)).toBe('managed');
      expect(await repository.unmanage(EXCHANGE, eth.symbol)).toBe('unmanaged');
      expect(await repository.unmanage(EXCHANGE, eth.symbol)).toBe('not-managed');
      expect(await repository.unmanage(EXCHANGE, btc.symbol)).toBe('not-managed');
      expect(await repository.products(EXCHANGE)).toMatchObject([{ instrument: eth, managed: false, leverage: 5 }]);

      expect(await repository.manage(EXCHANGE, eth.symbol, null, 2_000)).toBe('managed');
      expect(await repository.products(EXCHANGE)).toMatchObject([{ instrument: eth, managed: true, leverage: null }]);
    });

    it('knows since when a symbol is managed, and what is still to be settled about what it holds', async () => {
      const repository = await create();
      await repository.replaceAll(EXCHANGE, [btc, eth], 1_000);
      const settling = async () =>
        (await repository.products(EXCHANGE)).map((p) => [p.instrument.venueSymbol, p.managedSinceMs, p.takeover]);

      await repository.manageNew(EXCHANGE, [eth.symbol], 1_000);
      await repository.manage(EXCHANGE, btc.symbol, null, 2_000, 'closing');
      expect(await settling()).toEqual([
        ['BTC', 2_000, 'closing'],
        ['ETH', 1_000, 'unchecked'],
      ]);

      // Managed without a break: another leverage changes nothing of that.
      await repository.manage(EXCHANGE, btc.symbol, 3, 3_000);
      // The second was added again since somebody looked.
      await repository.endTakeover(EXCHANGE, [
        { symbol: btc.symbol, managedSinceMs: 2_000 },
        { symbol: eth.symbol, managedSinceMs: 999 },
      ]);
      expect(await settling()).toEqual([
        ['BTC', 2_000, null],
        ['ETH', 1_000, 'unchecked'],
      ]);

      await repository.unmanage(EXCHANGE, eth.symbol);
      await repository.manage(EXCHANGE, eth.symbol, null, 4_000);
      await repository.releaseToOperator(EXCHANGE, btc.symbol, 4_000);
      await repository.manage(EXCHANGE, btc.symbol, null, 5_000, 'unchecked');
      expect(await settling()).toEqual([
        ['BTC', 5_000, 'unchecked'],
        ['ETH', 4_000, null],
      ]);
      await repository.endTakeover(EXCHANGE, []);
    });

    it('does not manage what the venue does not list', async () => {
      const repository = await create();
      await repository.replaceAll(EXCHANGE, [btc, eth], 1_000);
      await repository.replaceAll(EXCHANGE, [btc], 2_000);

      expect(await repository.manage(EXCHANGE, 'DOGE/USDC:USDC', null, 3_000)).toBe('unknown-instrument');
      expect(await repository.manage(EXCHANGE, eth.symbol, null, 3_000)).toBe('unknown-instrument');
      expect(await repository.products(EXCHANGE)).toEqual([]);
    });

    it('adds only symbols that never were products, so that an operator is not overruled by a restart', async () => {
      const repository = await create();
      await repository.replaceAll(EXCHANGE, [btc, eth, intel], 1_000);
      await repository.manage(EXCHANGE, btc.symbol, null, 1_000);
      await repository.unmanage(EXCHANGE, btc.symbol);

      const result = await repository.manageNew(EXCHANGE, [btc.symbol, eth.symbol, eth.symbol, 'NO/USDC:USDC'], 2_000);

      expect(result).toEqual({ added: [eth.symbol], unknownInstruments: ['NO/USDC:USDC'] });
      expect((await repository.products(EXCHANGE)).map((p) => [p.instrument.venueSymbol, p.managed])).toEqual([
        ['BTC', false],
        ['ETH', true],
      ]);
    });

    it('retires removed symbols until they are managed again, and no managed one', async () => {
      const repository = await create();
      await repository.replaceAll(EXCHANGE, [btc, eth], 1_000);
      for (const { symbol } of [btc, eth]) await repository.manage(EXCHANGE, symbol, null, 1_000);
      await repository.unmanage(EXCHANGE, btc.symbol);

      await repository.retire(EXCHANGE, [btc.symbol, eth.symbol, 'NOPE'], 2_000);

      expect(await repository.products(EXCHANGE)).toMatchObject([{ instrument: eth, managed: true }]);
      expect((await repository.manageNew(EXCHANGE, [btc.symbol], 3_000)).added).toEqual([]);

      await repository.manage(EXCHANGE, btc.symbol, null, 4_000);
      expect(await repository.products(EXCHANGE)).toHaveLength(2);
    });

    it('leaves a released symbol to the operator until it is managed again', async () => {
      const repository = await create();
      await repository.replaceAll(EXCHANGE, [btc], 1_000);
      await repository.manage(EXCHANGE, btc.symbol, null, 1_000);

      expect(await repository.releaseToOperator(EXCHANGE, btc.symbol, 2_000)).toBe('released');
      expect(await repository.releaseToOperator(EXCHANGE, btc.symbol, 2_000)).toBe('not-a-product');
      expect(await repository.releaseToOperator(EXCHANGE, eth.symbol, 2_000)).toBe('not-a-product');
      expect(await repository.unmanage(EXCHANGE, btc.symbol)).toBe('not-managed');
      expect(await repository.products(EXCHANGE)).toEqual([]);
      expect((await repository.manageNew(EXCHANGE, [btc.symbol], 3_000)).added).toEqual([]);

      await repository.manage(EXCHANGE, btc.symbol, null, 4_000);
      expect(await repository.products(EXCHANGE)).toMatchObject([{ managed: true }]);
    });
  });
}
