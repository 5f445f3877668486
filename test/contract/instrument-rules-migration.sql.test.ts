import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { up } from '#shared/adapters/sql/migrations/0007-instrument-rules.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';

onEachDatabase(({ name, open }) => {
  describe(`instruments of an older database: ${name}`, () => {
    it('have the rules that their only venue had; one that the release before adds later waits for the next list', async () => {
      const db = await open();
      const insert = (symbol: string, dex: string | null, decimals: number) =>
        sql`insert into instruments (exchange, symbol, coin, dex, asset_id, size_decimals, max_leverage, min_notional_quote, status, last_seen_ms)
          values ('hyperliquid', ${symbol}, ${symbol}, ${dex}, 0, ${decimals}, 40, '10', 'active', 1)`.execute(db);
      await insert('BTC/USDC:USDC', null, 5);
      await insert('XYZ-CL/USDC:USDC', 'xyz', 0);

      await up(db as never);
      await up(db as never);
      await insert('NEW/USDC:USDC', null, 2);

      const stored = await sqlInstrumentsRepository(db).all('hyperliquid');
      expect(stored.map(({ minNotionalQuote: _, ...rest }) => rest)).toEqual(
        [
          anInstrument('BTC/USDC:USDC', { symbol: 'BTC/USDC:USDC' }),
          anInstrument('XYZ-CL/USDC:USDC', {
            symbol: 'XYZ-CL/USDC:USDC',
            subAccount: 'xyz',
            marginMode: 'isolated',
            ...lots(0),
          }),
        ].map(({ minNotionalQuote: _, ...rest }) => rest),
      );
    });
  });
});
