import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHandler as createGateway } from '#functions/order-gateway/handler.ts';
import { createHandler as createTracker } from '#functions/order-tracker/handler.ts';
import { seededRandom } from '#local/virtual-time/seeded.ts';
import { dec } from '#shared/core/decimal.ts';
import { isEnded, type Order } from '#shared/core/orders/order.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import { cancelOf, fifoEvent, orderRoom, SCHEDULE } from '#test/support/order-room.ts';
import type { Behaviour } from '#test/support/order-venue-double.ts';
import { ACCOUNT, EXCHANGE, SYMBOL } from '#test/support/orders.ts';

class Crash extends Error {}

/** A process that dies at its nth call to a port, before or after the call has its effect, and stays dead until revived. */
function mortal(seed: number) {
  // Two invocations at once interleave differently with every seed.
  const random = seededRandom(seed);
  const life = { callsLeft: Number.POSITIVE_INFINITY, afterEffect: false, dead: false };
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function' || ['nowMs', 'next', 'setTimer'].includes(String(name))) return member;
        return async (...args: unknown[]) => {
          for (let turns = Math.floor(random() * 4); turns > 0; turns -= 1) await Promise.resolve();
          if (life.dead) throw new Crash();
          life.callsLeft -= 1;
          const dies = life.callsLeft <= 0;
          if (dies) life.dead = true;
          if (dies && !life.afterEffect) throw new Crash();
          const result = await (member as (...a: unknown[]) => unknown).apply(target, args);
          if (dies) throw new Crash();
          return result;
        };
      },
    });
  return { life, wrap };
}

type Action =
  | { readonly do: 'plan'; readonly reduce: boolean }
  | { readonly do: 'deliver' | 'cancel'; readonly order: number; readonly behaviour: Behaviour }
  | { readonly do: 'deliverTwice'; readonly order: number; readonly behaviour: Behaviour; readonly passMs: number }
  | { readonly do: 'relay' | 'late' | 'fillResting' | 'lock' | 'unlock' }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'denies' | 'readsFail'; readonly on: boolean };

const BEHAVIOURS: Behaviour[] = [
  'fill',
  'rest',
  'reject',
  'lose',
  'fill-silently',
  'rest-silently',
  'arrive-late',
  'partly',
  'throw',
];
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('plan' as const), reduce: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('deliver' as const, 'deliver' as const, 'cancel' as const),
      order: fc.nat(3),
      behaviour: fc.constantFrom(...BEHAVIOURS),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(...(['relay', 'relay', 'relay', 'late', 'fillResting', 'lock', 'unlock', 'unlock'] as const)),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('deliverTwice' as const),
      order: fc.nat(1),
      behaviour: fc.constantFrom(...BEHAVIOURS),
      passMs: fc.constantFrom(0, 0, 29_985, 30_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('denies' as const, 'readsFail' as const), on: fc.boolean() }),
  },
);
const step = fc.record({
  action,
  crash: fc.option(fc.record({ call: fc.integer({ min: 1, max: 22 }), afterEffect: fc.boolean() }), {
    freq: 3,
    nil: null,
  }),
});

/** Counts ends that the store accepted, by order. */
function countEnds(store: { recordEnd: OrdersRepository['recordEnd'] }): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  const { recordEnd } = store;
  store.recordEnd = async (end, atMs) => {
    const ended = await recordEnd(end, atMs);
    if (ended) ends.set(end.clientOrderId, (ends.get(end.clientOrderId) ?? 0) + 1);
    return ended;
  };
  return ends;
}

async function live(
  seed: number,
  steps: readonly { action: Action; crash: { call: number; afterEffect: boolean } | null }[],
) {
  const room = orderRoom();
  const ends = countEnds(room.orders);
  await room.start();
  const { life, wrap } = mortal(seed);
  const mortalDeps = Object.fromEntries(
    Object.entries(room.deps).map(([name, port]) => [name, name === 'telemetry' ? port : wrap(port as object)]),
  ) as unknown as typeof room.deps;
  const gateway = createGateway(mortalDeps, room.gatewayEnv);
  const tracker = createTracker(mortalDeps, room.trackerEnv);
  const { venue, orders } = room;
  const planned: Order[] = [];
  let redelivery: unknown[] = [];

  const deliver = async (bodies: unknown[]) => {
    if (bodies.length === 0) return;
    const { batchItemFailures } = await gateway(fifoEvent(...bodies) as never);
    const failed = new Set(batchItemFailures.map((f) => f.itemIdentifier));
    redelivery = bodies.filter((_, index) => failed.has(`m${index}`));
  };
  /** Puts what the queue holds, and what failed before, to the gateway. */
  const drain = async () => {
    const bodies = [...redelivery, ...room.orderQueue.messages.splice(0).map((m) => m.body)];
    redelivery = [];
    for (let from = 0; from < bodies.length; from += 10) await deliver(bodies.slice(from, from + 10));
  };

  const perform = async (act: Action) => {
    switch (act.do) {
      case 'plan': {
        const working = await orders.working(EXCHANGE, ACCOUNT);
        if (working.length > 0) return;
        const { epoch } = await orders.epoch(EXCHANGE, ACCOUNT, SYMBOL);
        const over = act.reduce ? { orderClass: 'reduce' as const, reduceOnly: true, side: 'sell' as const } : {};
        const intent = await room.plan({ epoch, timeInForce: 'Gtc', ...over });
        planned.push((await orders.find(intent.clientOrderId))!);
        return;
      }
      case 'deliver':
      case 'cancel': {
        const order = planned.at(-1 - act.order);
        venue.behaviour = act.behaviour;
        if (!order) return;
        const body = (await orders.pendingOutbox(EXCHANGE, 0, 100)).find(
          (r) => r.clientOrderId === order.clientOrderId,
        )?.body;
        // A queue may redeliver what was acknowledged long ago.
        const command = body ?? JSON.stringify({ ...cancelOf(order), type: 'order' });
        return deliver([act.do === 'cancel' ? cancelOf(order, room.clock.nowMs() + 5_000) : command]);
      }
      case 'deliverTwice': {
        // A queue that redelivers too early, and the tracker, which ends what has expired, all at once.
        const order = planned.at(-1 - act.order);
        venue.behaviour = act.behaviour;
        if (!order) return;
        room.pass(act.passMs);
        const command = JSON.stringify({ ...cancelOf(order), type: 'order' });
        const once = () => gateway(fifoEvent(command) as never);
        const outcomes = await Promise.allSettled([once(), tracker(SCHEDULE), once(), tracker(SCHEDULE)]);
        const crash = outcomes.find((outcome) => outcome.status === 'rejected');
        if (crash) throw crash.reason;
        return;
      }
      case 'relay':
        await tracker(SCHEDULE);
        return drain();
      case 'late':
        return venue.deliverLate();
      case 'fillResting':
        for (const order of planned) venue.fillResting(order.clientOrderId, '0.5');
        return;
      case 'lock':
        return room.setState('LOCKED', 'freeze');
      case 'unlock':
        return room.setState('HEALTHY');
      case 'pass':
        return room.pass(act.ms);
      case 'denies':
        for (const order of planned)
          act.on ? venue.denied.add(order.clientOrderId) : venue.denied.delete(order.clientOrderId);
        return;
      case 'readsFail':
        return act.on ? void venue.down.add('order').add('fills') : venue.down.clear();
    }
  };

  for (const { action: act, crash } of steps) {
    const isProcess = ['deliver', 'deliverTwice', 'cancel', 'relay'].includes(act.do);
    life.callsLeft = isProcess && crash ? crash.call : Number.POSITIVE_INFINITY;
    life.afterEffect = crash?.afterEffect ?? false;
    try {
      await perform(act);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    life.callsLeft = Number.POSITIVE_INFINITY;
    life.dead = false;
    room.pass(10);
    const submitted = new Set(venue.submits);
    expect(submitted.size, 'no order is submitted twice').toBe(venue.submits.length);
  }

  // Everything heals: nothing fails any more, and time passes.
  venue.down.clear();
  venue.denied.clear();
  venue.behaviour = 'fill';
  await room.setState('HEALTHY');
  for (let round = 0; round < 8; round += 1) {
    room.pass(10_000);
    venue.deliverLate();
    await tracker(SCHEDULE);
    await drain();
  }
  return { ...room, planned, ends };
}

describe('the life of orders', () => {
  it('sends at most once, ends exactly once and forgets nothing, whatever is redelivered, lost or cut off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (seed, steps) => {
        const { planned, ends, orders, venue, alerts } = await live(seed, steps);

        for (const { clientOrderId } of planned) {
          const order = (await orders.find(clientOrderId))!;
          const truth = venue.truthOf(order);
          expect(isEnded(order.status), `${order.status} is an end`).toBe(true);
          expect(ends.get(clientOrderId), 'ended once').toBe(1);
          if (truth) {
            expect(order.status).toBe(truth.status);
            expect(dec(order.filledSize).eq(truth.filled), `${order.filledSize} of ${truth.filled}`).toBe(true);
          } else {
            expect(['rejected', 'expired', 'cancelled']).toContain(order.status);
            expect(order.filledSize).toBe('0');
          }
        }
        const epoch = await orders.epoch(EXCHANGE, ACCOUNT, SYMBOL);
        expect(epoch.epoch, 'one epoch per order').toBe(planned.length);
        expect(epoch.holdReason, 'nothing of ours looks foreign').toBeNull();
        expect(await orders.pendingOutbox(EXCHANGE, 0, 10)).toEqual([]);
        expect(await orders.fillsSince(EXCHANGE, ACCOUNT, 0, 1000)).toHaveLength(venue.fills.length);
        expect((await alerts.raised()).filter((alert) => alert.severity === 'critical')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
