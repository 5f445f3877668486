import { describe, expect, it } from 'vitest';
import { reconcile } from '#shared/usecases/reconcile.ts';
import { bigPlatform } from '#test/support/big-cycle.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';

onEachDatabase(({ name, open }) =>
  describe(`a reconciliation: ${name}`, () => {
    async function cycleOf(symbols: number) {
      let statements = 0;
      const db = await open(() => {
        statements += 1;
      });
      const { deps, input, publish } = await bigPlatform(db, symbols, 5, 'orders');
      await publish();
      statements = 0;
      const outcome = await reconcile(deps, input);
      if (outcome.kind !== 'done') throw new Error(outcome.kind);
      return { statements, orders: outcome.stored.length };
    }

    it('stores the orders of 1,000 symbols with as many statements as those of 7', async () => {
      const few = await cycleOf(7);
      const many = await cycleOf(1_000);

      expect([few.orders, many.orders], 'both cycles store orders').toEqual([5, 667]);
      expect(many.statements).toBe(few.statements);
      expect(few.statements).toBeLessThanOrEqual(25);
    });
  }),
);
