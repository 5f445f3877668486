import type { SQSEvent } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHandler } from '#functions/order-gateway/handler.ts';
import { commandOf, fifoEvent, orderRoom } from '#test/support/order-room.ts';

const SYMBOLS = ['BTC/USDC:USDC', 'ETH/USDC:USDC', 'SOL/USDC:USDC'];

describe('two order gateways of one account', () => {
  it('send an order once, each only with the newest lease and never after a lock, however their steps interleave', async () => {
    const interrupted = { lease: 0, lock: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.nat(3), { maxLength: 30 }),
        fc.boolean(),
        async (s, waits, locks) => {
          const room = orderRoom();
          await room.start();
          const planned = await Promise.all(SYMBOLS.map((symbol) => room.plan({ symbol })));
          const pauses = waits.values();
          /** So long that the other may take the lease over meanwhile. */
          const pause = () => room.pass((pauses.next().value ?? 0) * 400);
          let isLocked = false;
          let newestFence = 0;
          const wrong: unknown[] = [];
          const gateway = (leaseHolder: string) => {
            const { orders, leases, facts, venue } = room.deps;
            const deps = {
              ...room.deps,
              facts: {
                read: s.scheduleFunction(async (...at: Parameters<typeof facts.read>) => {
                  const read = await facts.read(...at);
                  pause();
                  return read;
                }),
              },
              leases: {
                ...leases,
                acquire: s.scheduleFunction(async (...at: Parameters<typeof leases.acquire>) => {
                  const lease = await leases.acquire(...at);
                  newestFence = Math.max(newestFence, lease?.fence ?? 0);
                  return lease;
                }),
              },
              orders: {
                ...orders,
                find: s.scheduleFunction(orders.find),
                markSending: s.scheduleFunction(async (...at: Parameters<typeof orders.markSending>) => {
                  const [fenced, forbidden] = [at[1].fence < newestFence, isLocked];
                  const may = await orders.markSending(...at);
                  if (may && (fenced || forbidden)) wrong.push({ fenced, forbidden });
                  interrupted.lease += !may && fenced ? 1 : 0;
                  interrupted.lock += !may && forbidden ? 1 : 0;
                  return may;
                }),
              },
              venue: Object.assign(Object.create(venue), {
                submitOrder: s.scheduleFunction(async (...at: Parameters<typeof venue.submitOrder>) => {
                  pause();
                  return venue.submitOrder(...at);
                }),
              }),
            };
            return createHandler(deps, { ...room.gatewayEnv, LEASE_HOLDER: leaseHolder, LEASE_TTL_S: 1 });
          };
          const lock = async () => {
            await s.schedule(Promise.resolve());
            await room.setState('LOCKED', 'freeze');
            isLocked = true;
          };
          const event = fifoEvent(...planned.map(commandOf)) as SQSEvent;
          const work = [gateway('gateway-1')(event), gateway('gateway-2')(event), ...(locks ? [lock()] : [])];
          await s.waitFor(Promise.all(work));

          expect(new Set(room.venue.submits).size).toBe(room.venue.submits.length);
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
    expect(interrupted.lease, 'a lease lost while facts were read').toBeGreaterThan(0);
    expect(interrupted.lock, 'a lock that came between gate and write').toBeGreaterThan(0);
  });
});
