import { describe, expect, it } from 'vitest';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { CycleInputs, CycleOrder, SymbolFacts } from '#shared/core/reconciliation/cycle-inputs.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import {
  aCycle,
  agreed,
  aSymbol,
  codeOf,
  decideOne,
  flat,
  CYCLE_NOW_MS as NOW,
  someSettings,
  wants,
  workingOrder,
} from '#test/support/cycle.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';

describe('planCycle: margin', () => {
  const tight = (fraction: string, marginUsedQuote = '0'): Partial<CycleInputs> => ({
    settings: someSettings({ marginUsageFractionMax: fraction }),
    money: { equityQuote: '10000', marginUsedQuote, venueTimeMs: NOW },
  });
  const eth = (change: Partial<SymbolFacts> = {}) =>
    aSymbol({ instrument: anInstrument('ETH', { ...lots(3), assetId: 1 }), ...change });

  it('cuts the desired position to the share of the budget that its leverage gives it', () => {
    // Budget 50, two symbols of leverage 10: 25 of margin each, 250 of notional at the dearest price 100.5.
    const decisions = planCycle(aCycle([aSymbol(), eth()], tight('0.005')));

    expect(decisions.map((d) => d.desiredSize)).toEqual(['2.487', '2.487']);
    expect(decisions[0]?.inputs.desired).toMatchObject({ limitedBy: 'margin-cap', capQuote: '25', target: '2.487' });
  });

  it('shares what is free alike among all increases, whatever their order', () => {
    // Each needs 4.05 × 100.5 ÷ 10 = 40.7; 40.7 is free for both.
    const cycle = tight('0.02', '159.2975');
    const forward = planCycle(aCycle([aSymbol(), eth()], cycle));
    const backward = planCycle(aCycle([eth(), aSymbol()], cycle));

    expect(forward.map((d) => d.intent?.size)).toEqual(['2.025', '2.025']);
    expect(backward).toEqual(forward);
  });

  it('refuses an increase whose share is too small, and lets reductions pass', () => {
    const cycle = tight('0.02', '200');
    const [btc, other] = planCycle(aCycle([aSymbol({ ...flat, sources: agreed('6') }), eth()], cycle));

    expect(btc).toMatchObject({ kind: 'order', code: 'exit' });
    expect(other).toMatchObject({ kind: 'refusal', code: 'margin-budget' });
  });

  it('counts the margin of orders that the snapshot cannot show yet', () => {
    const sent = workingOrder({ symbol: 'ETH/USDC:USDC', size: '15.92', status: 'unknown' });
    const ended = { ...sent, status: 'filled' as const, filledSize: '15.92' };
    const rejected = { ...sent, status: 'rejected' as const };
    const orderOf = (order: CycleOrder) =>
      planCycle(aCycle([aSymbol(), eth({ orders: [order], ...flat })], tight('0.02')))[0];

    expect(orderOf(sent)?.intent?.size).toBe('4.05');
    expect(orderOf({ ...sent, size: '18' })?.intent?.size).toBe('1.99');
    expect(orderOf({ ...ended, filledSize: '18' })?.intent?.size).toBe('1.99');
    expect(orderOf({ ...rejected, size: '18' })?.intent?.size).toBe('4.05');
  });
});

describe('planCycle: one order per epoch', () => {
  it.each(['intent', 'sending', 'unknown', 'open', 'partially-filled'] as const)(
    'waits for an order that is %s',
    (status) => {
      expect(decideOne({ orders: [workingOrder({ status })] })).toMatchObject({
        code: 'order-in-flight',
        intent: null,
      });
    },
  );

  it('does not wait for a protective order or for one that has ended', () => {
    expect(codeOf({ orders: [workingOrder({ orderClass: 'protect' })] })).toBe('open');
    expect(codeOf({ orders: [workingOrder({ status: 'filled', filledSize: '4.05' })] })).toBe('open');
  });

  it('cancels a resting order that the newer target contradicts', () => {
    const order = workingOrder();
    expect(decideOne({ ...flat, orders: [order] })).toMatchObject({
      kind: 'cancel',
      code: 'contradicted',
      cancels: [order.clientOrderId],
      intent: null,
    });
    expect(decideOne({ runs: wants(-20), orders: [order] }).kind).toBe('cancel');
    expect(decideOne({ ...flat, orders: [order], sources: [] }).kind).toBe('cancel');
  });

  it('does not cancel what may have left but does not rest, or on an unknown target', () => {
    expect(codeOf({ ...flat, orders: [workingOrder({ status: 'unknown' })] })).toBe('order-in-flight');
    expect(codeOf({ dataState: 'data-gap', orders: [workingOrder()] })).toBe('order-in-flight');
  });

  it('keeps a resting reduction when the position is unknown', () => {
    const order = workingOrder({ orderClass: 'reduce', side: 'sell', size: '2' });
    expect(codeOf({ orders: [order], sources: [] })).toBe('order-in-flight');
    expect(decideOne({ orders: [order], sources: agreed('4.05') }).kind).toBe('cancel');
  });
});

describe('planCycle: after refusals', () => {
  const refusedAgo = (count: number, agoMs: number) => ({ count, code: 'insufficient-margin', atMs: NOW - agoMs });
  const exit = { ...flat, sources: agreed('6') } as const;

  it.each([
    ['exit', exit, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
    ['open', {}, [15_000, 30_000, 60_000, 120_000, 300_000, 300_000]],
  ] as const)('waits longer before each next %s', (code, facts, waits) => {
    for (const [index, waitMs] of waits.entries()) {
      const refusals = refusedAgo(index + 1, waitMs - 1);
      expect(decideOne({ ...facts, refusals })).toMatchObject({
        kind: 'refusal',
        code: 'backing-off',
        inputs: { refusal: { refusedFor: 'insufficient-margin', refusals: index + 1, untilMs: NOW + 1 } },
      });
      expect(codeOf({ ...facts, refusals: refusedAgo(index + 1, waitMs) })).toBe(code);
    }
  });

  it('keeps the step of the ladder, gets out under HOLD, and alarms when nothing gets out', () => {
    const refused = (count: number) =>
      decideOne({ ...exit, holdReason: 'refused-repeatedly', refusals: refusedAgo(count, 30_000) });
    expect([1, 4, 5, 99].map((n) => refused(n).intent?.limitPrice)).toEqual(Array(4).fill('99.5'));
    expect([1, 4, 5].map((n) => refused(n).alarm)).toEqual([null, null, 'exit-not-filling']);
    expect(codeOf({ holdReason: 'refused-repeatedly', refusals: refusedAgo(9, 300_000) })).toBe('on-hold');
  });

  it('does not wait for a refusal of a later time: the clock went back', () => {
    expect(codeOf({ ...exit, refusals: refusedAgo(5, -3_600_000) })).toBe('exit');
  });
});

describe('planCycle: dust', () => {
  const dust = { ...flat, sources: agreed('0.05') } as const;

  it('tries a full exit below the minimum of the venue once, then reports it', () => {
    expect(decideOne(dust)).toMatchObject({ code: 'exit', intent: { size: '0.05', reduceOnly: true } });
    const refusals = { count: 1, code: 'min-notional', atMs: NOW - 1 };
    for (const asked of [{ exitAttempts: 1 }, { refusals }]) {
      expect(decideOne({ ...dust, ...asked })).toMatchObject({ kind: 'refusal', code: 'dust', intent: null });
    }
    const other = { count: 3, code: 'venue-closed', atMs: NOW - 60_000 };
    expect(decideOne({ ...dust, refusals: other }).code, 'nobody said that it is too small').toBe('exit');
  });

  it('leaves no dust behind: a target below the minimum is held as flat', () => {
    const tiny = someSettings({ sizing: { kind: 'fixed', unitQuote: '0.4' } });
    expect(decideOne({ sources: agreed('6') }, { settings: tiny })).toMatchObject({
      code: 'exit',
      desiredSize: '0',
      intent: { size: '6' },
      inputs: { desired: { size: '0.08', limitedBy: 'venue-minimum' } },
    });
    expect(codeOf({}, { settings: tiny })).toBe('venue-minimum');
  });
});

describe('planCycle: decisions', () => {
  it('counts an identical refusal as one episode, and starts a new one when anything else happens', () => {
    const first = decideOne({ holdReason: 'foreign-fill' });
    const previous = {
      id: 'earlier-0',
      symbol: first.symbol,
      kind: 'refusal',
      code: 'on-hold',
      epoch: 7,
      episodeCount: 4,
    };

    expect(first).toMatchObject({ id: 'c0ffee0000000001-0', repeats: false, episodeCount: 1 });
    expect(decideOne({ holdReason: 'foreign-fill', previous })).toMatchObject({
      id: 'earlier-0',
      repeats: true,
      episodeCount: 5,
    });
    expect(decideOne({ holdReason: 'foreign-fill', epoch: 8, previous }).repeats).toBe(false);
    expect(decideOne({ previous: { ...previous, kind: 'order', code: 'open' } })).toMatchObject({ repeats: false });
  });

  it('carries everything that `why` needs', () => {
    const { inputs } = decideOne();

    expect(JSON.parse(JSON.stringify(inputs))).toMatchObject({
      desired: {
        kind: 'known',
        size: '4.05',
        rule: 'runs',
        direction: 20,
        unitQuote: '20.25',
        runs: { live: 10, eligible: 5 },
      },
      actual: { kind: 'agreed', size: '0', source: 'own-table' },
      quorum: { quorum: 2, maxAgeMs: 300_000, settledAtMs: NOW - 600_000 },
      price: { price: '100', from: 'last', ageMs: 500, fresh: true },
      money: { equityQuote: '10000', budgetQuote: '5000', marginUsedQuote: '0' },
      order: { side: 'buy', size: '4.05', limitPrice: '100.5', effect: 'open' },
      state: 'HEALTHY',
    });
    expect(inputs.sources).toHaveLength(3);
  });

  it('says which rules an order passed, and which one refused it', () => {
    const rules = (decision: CycleDecision) =>
      (decision.inputs.rules as { rule: string; verdict: string }[]).map((r) => `${r.rule} ${r.verdict}`);

    expect(rules(decideOne())).toEqual([
      'system-state passed',
      'hold passed',
      'books passed',
      'back-off passed',
      'instrument passed',
      'market-hours passed',
      'account passed',
      'price passed',
      'order-size passed',
      'margin passed',
      'limits passed',
    ]);
    expect(rules(decideOne({ holdReason: 'foreign-fill' }))).toEqual(['system-state passed', 'hold refused']);
    expect(rules(decideOne({ price: { ...aSymbol().price!, mark: null } })).at(-1)).toBe('limits refused');
    expect(rules(decideOne({ ...flat, sources: agreed('6') }))).toEqual([
      'system-state passed',
      'price passed',
      'venue-minimum passed',
      'back-off passed',
      'limits passed',
    ]);
    const dust = { ...flat, sources: agreed('0.05'), exitAttempts: 1 };
    expect(rules(decideOne(dust))).toEqual(['system-state passed', 'price passed', 'venue-minimum refused']);
    expect(decideOne({ sources: [] }).inputs).not.toHaveProperty('rules');
  });

  it('plans only what it is asked for, by symbol', () => {
    const eth = aSymbol({ instrument: anInstrument('ETH', { ...lots(3) }) });
    const foreign = [{ symbol: 'X', source: 'own-table', size: '1', venueTimeMs: NOW, previous: null }];
    const all = planCycle(aCycle([eth, aSymbol()], { foreign }));
    const some = planCycle(aCycle([eth, aSymbol()], { foreign, only: new Set(['ETH/USDC:USDC']) }));

    expect(all.map((d) => d.symbol)).toEqual(['BTC/USDC:USDC', 'ETH/USDC:USDC', 'X']);
    expect(some.map((d) => d.symbol)).toEqual(['ETH/USDC:USDC']);
  });

  it('says in sync when it holds what is desired, or nearly', () => {
    expect(decideOne({ sources: agreed('4.05') })).toMatchObject({ kind: 'in-sync', code: 'aligned' });
    expect(decideOne({ sources: agreed('4.1') })).toMatchObject({ kind: 'in-sync', code: 'below-threshold' });
  });
});
