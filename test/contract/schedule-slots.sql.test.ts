import { describe, expect, it } from 'vitest';
import { onceEachSlot } from '#shared/adapters/aws/once-each-slot.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';

const T0 = Date.parse('2026-11-20T10:00:00Z');
const clock = { nowMs: () => T0 + 10 * 60_000 };

const message = (minute: number, offsetS = 0) => ({
  messageId: `m${minute}-${offsetS}`,
  body: JSON.stringify({
    v: 1,
    type: 'schedule',
    job: 'janitor',
    scheduledTime: new Date(T0 + minute * 60_000).toISOString(),
    executionId: 'e',
    ...(offsetS === 0 ? {} : { offsetS }),
  }),
});
type Event = { readonly Records: readonly ReturnType<typeof message>[] };

/** Processes that share nothing but a database; each has handles of its own, as two Lambdas have. */
onEachDatabase(
  ({ name, open }) => {
    describe(`a slot of a schedule, delivered to several processes: ${name}`, () => {
      const setUp = async () => {
        const statements: string[] = [];
        const db = await open((text) => statements.push(text));
        statements.length = 0;
        const worked: string[] = [];
        let failing = false;
        const processOf = (who: string) =>
          onceEachSlot(
            async ({ Records }: Event, _context: unknown) => {
              worked.push(...Records.map((record) => `${who} ${record.messageId}`));
              if (failing) throw new Error('the venue is away');
            },
            { slots: sqlJobStateRepository(db, 'hyperliquid'), clock },
          );
        const fail = (value: boolean) => {
          failing = value;
        };
        return { statements, worked, fail, a: processOf('a'), b: processOf('b') };
      };

      it('is worked off by one of them, at the same time and later', async () => {
        const { worked, a, b } = await setUp();
        const event = { Records: [message(0)] };
        await Promise.all([a(event, null), b(event, null)]);
        await b(event, null);
        await a(event, null);

        expect(worked).toHaveLength(1);
      });

      it('is worked off by the other when the first failed', async () => {
        const { worked, fail, a, b } = await setUp();
        const event = { Records: [message(0)] };
        fail(true);
        await expect(a(event, null)).rejects.toThrow('away');
        fail(false);
        await b(event, null);
        await a(event, null);

        expect(worked).toEqual(['a m0-0', 'b m0-0']);
      });

      it('comes late and is dropped; those of other seconds are not', async () => {
        const { worked, a, b } = await setUp();
        await a({ Records: [message(1), message(2)] }, null);
        await b({ Records: [message(1)] }, null);
        await b({ Records: [message(0, 30)] }, null);

        expect(worked).toEqual(['a m2-0', 'b m0-30']);
      });

      it('costs one statement, a repeat two, and the first of all three', async () => {
        const { statements, a, b } = await setUp();
        const countOf = async (act: () => Promise<unknown>) => {
          statements.length = 0;
          await act();
          return statements.length;
        };
        expect(await countOf(() => a({ Records: [message(0)] }, null))).toBe(3);
        expect(await countOf(() => a({ Records: [message(1)] }, null))).toBe(1);
        expect(await countOf(() => b({ Records: [message(1)] }, null))).toBe(2);
        // Its own claims it remembers.
        expect(await countOf(() => a({ Records: [message(1)] }, null))).toBe(0);
      });
    });
  },
  { looksAtCounts: true },
);
