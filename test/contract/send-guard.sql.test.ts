import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { permits } from '#shared/core/system/permissions.ts';
import { LOCK_MODES, SYSTEM_STATES, type SystemState } from '#shared/core/system/system-state.ts';
import type { Lease } from '#shared/ports/repositories/leases-repository.ts';
import { aSystemState } from '#test/support/cycle.ts';
import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { EXCHANGE, intent, T0 } from '#test/support/orders.ts';
import { plannedOrders } from '#test/support/planned-orders.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';

const CLASSES = ['open', 'reduce', 'protect'] as const;
const MODES = [null, ...LOCK_MODES];
const HOLDERS = ['a', 'b', 'c'] as const;
const TTL_MS = 1_000;

const step = fc.oneof(
  fc.record({ do: fc.constant('acquire' as const), holder: fc.constantFrom(...HOLDERS) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 500, TTL_MS) }),
  fc.record({
    do: fc.constant('state' as const),
    state: fc.constantFrom(...SYSTEM_STATES),
    lockMode: fc.constantFrom(...MODES),
  }),
  fc.record({ do: fc.constant('send' as const), order: fc.nat(5), holder: fc.constantFrom(...HOLDERS) }),
);

onEachDatabase(
  ({ name, open }) =>
    describe(`what sends an order: ${name}`, () => {
      const room = (db: Db) => {
        const stores = sqlCycleStores(db);
        let version = 0;
        const setState = async (change: Partial<SystemState>) => {
          version += 1;
          await stores.systemState.compareAndSet(aSystemState({ ...change, version }), version - 1);
        };
        const store = async (i: number) => {
          const order = intent({ symbol: `S${i}`, orderClass: CLASSES[i % CLASSES.length]! });
          await plannedOrders(stores).storeIntent(order, '{}', null);
          return order;
        };
        return { ...stores, setState, store };
      };

      it('is permitted in the states that the rules name, and in no other', async () => {
        const db = await open();
        const { leases, orders, setState, store } = room(db);
        const lease = (await leases.acquire('writer', 'a', T0, TTL_MS))!;
        let i = 0;
        const send = async () => orders.markSending(await store(i), lease, T0);
        for (; i < CLASSES.length; i += 1) expect(await send(), 'without a state').toBe(false);
        for (const state of SYSTEM_STATES) {
          for (const lockMode of MODES) {
            await setState({ state, lockMode });
            for (const orderClass of CLASSES) {
              const { allowed } = permits({ state, lockMode }, orderClass);
              expect(await send(), `${orderClass} in ${state} ${lockMode}`).toBe(allowed);
              i += 1;
            }
          }
        }
        await setState({ state: 'HEALTHY', lockMode: null });
        await db.updateTable('system_state').set({ lock_mode: 'a word of another release' }).execute();
        expect(await send()).toBe(false);
      });

      it('is an intent, under the newest unexpired lease, in a state that permits it: whatever came before', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
            const { leases, orders, setState, store } = room(await open());
            const intents = await Promise.all([0, 1, 2, 3, 4, 5].map(store));
            const held = new Map<string, Lease>();
            const sent = new Set<number>();
            let now = {
              ms: T0,
              state: null as Pick<SystemState, 'state' | 'lockMode'> | null,
              fence: 0,
              expiresAtMs: 0,
            };
            for (const it of steps) {
              if (it.do === 'wait') now = { ...now, ms: now.ms + it.ms };
              if (it.do === 'state') {
                await setState(it);
                now = { ...now, state: it };
              }
              if (it.do === 'acquire') {
                const lease = await leases.acquire('writer', it.holder, now.ms, TTL_MS);
                if (lease) held.set(it.holder, lease);
                if (lease) now = { ...now, fence: lease.fence, expiresAtMs: lease.expiresAtMs };
              }
              if (it.do !== 'send') continue;
              const lease = held.get(it.holder);
              const order = intents[it.order]!;
              if (!lease) continue;
              const isOurs = lease.fence === now.fence && now.ms < now.expiresAtMs;
              const may = !sent.has(it.order) && isOurs && permits(now.state, order.orderClass).allowed;
              expect(await orders.markSending(order, lease, now.ms)).toBe(may);
              if (may) sent.add(it.order);
              const status = may || sent.has(it.order) ? 'sending' : 'intent';
              expect((await orders.find(order.clientOrderId))?.status).toBe(status);
            }
          }),
          { numRuns: name === 'sqlite' ? 100 : 5 },
        );
      });

      it('is no order of another venue because this one is HEALTHY', async () => {
        const { leases, orders, setState, store } = room(await open());
        await setState({ state: 'HEALTHY', exchange: 'another' });
        const lease = (await leases.acquire('writer', 'a', T0, TTL_MS))!;
        const order = await store(0);
        expect(order.exchange).toBe(EXCHANGE);
        expect(await orders.markSending(order, lease, T0)).toBe(false);
      });
    }),
  { looksAtCounts: true },
);
