import { describe, expect, it } from 'vitest';
import { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { ledgerReport, manualOrder } from '#local/exchange-simulator/server/control.ts';
import { compareWithTargets } from '#local/exchange-simulator/venue/ledger.ts';
import { cloidOf, MAIN, orderAction, SimulatorClient } from '#test/support/simulator-client.ts';

function prepare() {
  const simulator = new ExchangeSimulator({ historyMinutes: 1 });
  simulator.advance(simulator.nowMs() + 2_000);
  const client = new SimulatorClient(simulator);
  const px = String(Math.round(client.mid('BTC') * 1.02));
  const overshoot = () => ledgerReport(simulator.world, []).maxOvershootLots;
  return { simulator, client, px, overshoot };
}

describe('overshoot', () => {
  it('is zero for orders that were each decided after the one before was filled', () => {
    const { client, px, simulator, overshoot } = prepare();
    for (let i = 1; i <= 3; i += 1) {
      client.order({ px, sz: '0.01', cloid: cloidOf(i) });
      simulator.advance(simulator.nowMs() + 50);
    }
    expect(client.position('BTC')).toBe('0.03');
    expect(overshoot()).toBe(0);
  });

  it('is the size of an order that was signed before the first one was filled and arrived after', () => {
    const { client, px, simulator, overshoot } = prepare();
    const late = client.signed(orderAction({ px, sz: '0.01', cloid: cloidOf(1) }));
    simulator.advance(simulator.nowMs() + 50);
    client.order({ px, sz: '0.01', cloid: cloidOf(2) });
    simulator.advance(simulator.nowMs() + 50);
    simulator.handle({ path: '/exchange', body: late });
    expect(client.position('BTC')).toBe('0.02');
    expect(overshoot()).toBe(1_000);
  });

  it('does not blame an order for a foreign trade', () => {
    const { client, px, simulator, overshoot } = prepare();
    const late = client.signed(orderAction({ px, sz: '0.01', cloid: cloidOf(1) }));
    simulator.advance(simulator.nowMs() + 50);
    const manual = { user: MAIN, coin: 'BTC', side: 'buy' as const, size: '0.05', reduceOnly: false };
    expect(simulator.change((world) => manualOrder(world, manual))).toHaveProperty('filled');
    simulator.handle({ path: '/exchange', body: late });
    expect(client.position('BTC')).toBe('0.06');
    expect(overshoot()).toBe(0);
    expect(ledgerReport(simulator.world, []).acceptedOrders).toBe(1);
  });

  it('finds against declared targets what a stale view caused, and two orders of one slot', () => {
    const { client, px, simulator } = prepare();
    client.order({ px, sz: '0.01', cloid: cloidOf(1) });
    simulator.advance(simulator.nowMs() + 5_000);
    client.order({ px, sz: '0.01', cloid: cloidOf(2) });
    const target = { user: MAIN, coin: 'BTC', targetSize: '0.01', epoch: '4' };
    const targets = [1, 2, 3].map((n) => ({ ...target, cloid: cloidOf(n) }));
    expect(compareWithTargets(simulator.world, targets)).toMatchObject({
      maxOvershootLots: 1_000,
      duplicateOrders: 1,
      unknownCloids: [cloidOf(3)],
      overshoots: [{ cloid: cloidOf(2), lots: 1_000 }],
    });
  });
});
