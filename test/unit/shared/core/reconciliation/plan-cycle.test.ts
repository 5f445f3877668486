import { describe, expect, it } from 'vitest';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { CycleInputs, CycleOrder, SymbolFacts } from '#shared/core/reconciliation/cycle-inputs.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import {
  aCycle,
  agreed,
  aReading,
  aSymbol,
  aSystemState,
  CYCLE_NOW_MS as NOW,
  someSettings,
  wants,
} from '#test/support/cycle.ts';
import { anInstrument } from '#test/support/instruments.ts';

const decideOne = (facts: Partial<SymbolFacts> = {}, cycle: Partial<CycleInputs> = {}): CycleDecision => {
  const decisions = planCycle(aCycle([aSymbol(facts)], cycle));
  expect(decisions).toHaveLength(1);
  return decisions[0]!;
};
const codeOf = (facts: Partial<SymbolFacts> = {}, cycle: Partial<CycleInputs> = {}) => decideOne(facts, cycle).code;
const flat = { runs: wants(0) } as const;

const workingOrder = (change: Partial<CycleOrder> = {}): CycleOrder => ({
  clientOrderId: `0x0a1b2c3d${'0'.repeat(24)}`,
  symbol: 'BTC/USDC:USDC',
  orderClass: 'open',
  side: 'buy',
  size: '4.05',
  filledSize: '0',
  limitPrice: '100',
  status: 'open',
  epoch: 7,
  ...change,
});

describe('planCycle: orders', () => {
  it('opens with one immediate-or-cancel order at the price and its bound', () => {
    const decision = decideOne();

    expect(decision).toMatchObject({ kind: 'order', code: 'open', desiredSize: '4.05', actualSize: '0', epoch: 7 });
    expect(decision.intent).toMatchObject({
      exchange: 'hyperliquid',
      account: 'main',
      symbol: 'BTC/USDC:USDC',
      epoch: 7,
      leg: 0,
      decisionId: decision.id,
      orderClass: 'open',
      side: 'buy',
      size: '4.05',
      limitPrice: '100.5',
      timeInForce: 'Ioc',
      reduceOnly: false,
      createdAtMs: NOW,
      expiresAtMs: NOW + 30_000,
      correlationId: 'corr-1',
    });
    expect(decision.intent?.clientOrderId).toMatch(/^0x0a1b2c3d[0-9a-f]{24}$/);
  });

  it('gives two planners of one epoch the same order identity, whatever their targets', () => {
    const other = planCycle(aCycle([aSymbol({ runs: wants(10) })], { cycleId: 'another', nowMs: NOW + 5 }))[0]!;

    expect(other.intent?.clientOrderId).toBe(decideOne().intent?.clientOrderId);
    expect(other.intent?.size).not.toBe(decideOne().intent?.size);
    expect(decideOne({ epoch: 8 }).intent?.clientOrderId).not.toBe(decideOne().intent?.clientOrderId);
  });

  it('reduces and exits reduce-only', () => {
    expect(decideOne({ sources: agreed('6') }).intent).toMatchObject({
      orderClass: 'reduce',
      side: 'sell',
      size: '1.95',
      limitPrice: '99.5',
      reduceOnly: true,
    });
    expect(decideOne({ ...flat, sources: agreed('-6') })).toMatchObject({
      code: 'exit',
      intent: { side: 'buy', size: '6', reduceOnly: true },
    });
  });

  it('flips by an exit now; the entry is for the next epoch', () => {
    const decision = decideOne({ sources: agreed('-2') });

    expect(decision).toMatchObject({ code: 'flip-exit', intent: { side: 'buy', size: '2', reduceOnly: true } });
    expect(decideOne({ sources: agreed('0'), epoch: 8 })).toMatchObject({ code: 'open', intent: { size: '4.05' } });
  });

  it('widens the bound of an exit with each attempt that was not filled, then alarms', () => {
    const at = (exitAttempts: number) => decideOne({ ...flat, sources: agreed('6'), exitAttempts });

    expect([0, 1, 2, 3, 4, 9].map((n) => at(n).intent?.limitPrice)).toEqual(['99.5', '99', '98', '95', '95', '95']);
    expect([3, 4].map((n) => at(n).alarm)).toEqual([null, 'exit-not-filling']);
  });

  it('cuts one order to the largest notional and goes on in the next epoch', () => {
    const decision = decideOne({ runs: wants(400) });

    expect(decision).toMatchObject({ kind: 'order', desiredSize: '81' });
    expect(decision.intent?.size).toBe('49.751');
  });

  it('holds no more than the largest position', () => {
    expect(decideOne({ runs: wants(4000), sources: agreed('60') })).toMatchObject({
      desiredSize: '99.502',
      inputs: { desired: { limitedBy: 'max-position-notional' } },
    });
  });
});

describe('planCycle: error is not flat', () => {
  it.each<[string, Partial<SymbolFacts>, Partial<CycleInputs>, string]>([
    ['stale runs', { runs: { ...wants(20), freshCount: 0 } }, {}, 'strategy-stale'],
    ['no runs and a silent supervisor', { runs: null }, { supervisorOkAtMs: NOW - 660_001 }, 'strategy-stale'],
    ['no runs and a supervisor that was never seen', { runs: null }, { supervisorOkAtMs: null }, 'strategy-stale'],
    ['a hole in the trades', { dataState: 'data-gap' }, {}, 'data-gap'],
    ['no price', { price: null }, {}, 'no-price'],
  ])('leaves a position alone on %s', (_, facts, cycle, code) => {
    expect(decideOne({ sources: agreed('6'), ...facts }, cycle)).toMatchObject({
      kind: 'refusal',
      code,
      intent: null,
      desiredSize: null,
      actualSize: '6',
    });
  });

  it('exits when nobody wants the position: no runs under a living supervisor', () => {
    expect(codeOf({ runs: null, sources: agreed('6') })).toBe('exit');
  });

  it.each<[string, Partial<CycleInputs>]>([
    ['take profit', { latched: 'take-profit' }],
    ['drawdown', { latched: 'drawdown', supervisorOkAtMs: null }],
    ['a lock that flattens', { systemState: aSystemState({ state: 'LOCKED', lockMode: 'flatten' }) }],
  ])('exits on %s', (_, cycle) => {
    expect(decideOne({ sources: agreed('6') }, cycle)).toMatchObject({ code: 'exit', intent: { size: '6' } });
  });

  it('exits a symbol that the operator removed, and forgets it once it is flat', () => {
    expect(codeOf({ managed: false, sources: agreed('6') })).toBe('exit');
    expect(planCycle(aCycle([aSymbol({ managed: false, sources: agreed('0') })]))).toEqual([]);
    expect(codeOf({ managed: false, sources: [aReading('own-table', '0')] })).toBe('no-quorum');
  });

  it('reports positions in symbols that nobody manages and leaves them alone', () => {
    const foreign = { symbol: 'DOGE/USDC:USDC', source: 'own-table', size: '-5', venueTimeMs: NOW, previous: null };
    const [decision] = planCycle(aCycle([], { foreign: [foreign] }));

    expect(decision).toMatchObject({ kind: 'refusal', code: 'unmanaged-position', actualSize: '-5', intent: null });
    expect(decision?.alarm).toBe('unmanaged-position');
  });
});

describe('planCycle: the actual position', () => {
  it('refuses to grow without a quorum', () => {
    const one = [aReading('own-table', '0'), aReading('observer:a', '0', { complete: false })];

    expect(decideOne({ sources: one })).toMatchObject({ kind: 'refusal', code: 'no-quorum', actualSize: null });
    expect(codeOf({ sources: [aReading('a', '0'), aReading('b', '1')] })).toBe('dissent');
    expect(codeOf({ sources: agreed('0'), settledAtMs: NOW - 6_000 })).toBe('awaiting-fill-visibility');
  });

  it('asks for fresh sources when age is what is missing, and only then', () => {
    expect(decideOne({ sources: agreed('0'), settledAtMs: NOW - 1 }).wantsFreshSources).toBe(true);
    const old = { venueTimeMs: NOW - 300_001 };
    expect(decideOne({ sources: [aReading('a', '0', old), aReading('b', '0')] }).wantsFreshSources).toBe(true);
    expect(decideOne({ sources: [aReading('a', '0'), aReading('b', '1')] }).wantsFreshSources).toBe(false);
    expect(decideOne({ sources: [aReading('a', '0')] }).wantsFreshSources).toBe(false);
  });

  it('reduces by what is surely there: one source, or the smallest of several', () => {
    const only = [aReading('own-table', '6'), aReading('observer:a', '6', { complete: false })];
    expect(decideOne({ ...flat, sources: only })).toMatchObject({
      code: 'exit',
      intent: { size: '6' },
      actualSize: null,
    });

    const dissent = [aReading('own-table', '6'), aReading('observer:a', '4')];
    expect(decideOne({ ...flat, sources: dissent }).intent).toMatchObject({ side: 'sell', size: '4' });
    expect(decideOne({ runs: wants(10), sources: dissent }).intent?.size).toBe('1.975');
  });

  it('does not reduce on sources of opposite sign, or from before our last order', () => {
    expect(codeOf({ ...flat, sources: [aReading('a', '6'), aReading('b', '-6')] })).toBe('dissent');
    expect(codeOf({ ...flat, sources: agreed('6'), settledAtMs: NOW })).toBe('awaiting-fill-visibility');
  });

  it('raises an alarm when sources disagree', () => {
    expect(decideOne({ sources: [aReading('a', '0'), aReading('b', '1')] }).alarm).toBe('sources-dissent');
  });
});

describe('planCycle: what stops an increase and never a reduction', () => {
  const closed = { settings: someSettings({ calendar: 'european-week' }), nowMs: Date.parse('2026-06-13T12:00:00Z') };
  const shift = closed.nowMs - NOW;
  const moved = (sources: readonly ReturnType<typeof aReading>[]) =>
    sources.map((s) => ({ ...s, venueTimeMs: s.venueTimeMs === null ? null : s.venueTimeMs + shift }));
  const priceThen = {
    last: { price: '100', venueTimeMs: closed.nowMs - 500 },
    mark: { price: '100', timeMs: closed.nowMs - 500 },
  };

  it('market hours', () => {
    const supervisorOkAtMs = closed.nowMs;
    expect(codeOf({ sources: moved(agreed('0')), price: priceThen }, { ...closed, supervisorOkAtMs })).toBe(
      'market-closed',
    );
    expect(codeOf({ ...flat, sources: moved(agreed('6')) }, { ...closed, supervisorOkAtMs })).toBe('exit');
  });

  it.each<[string, Partial<SymbolFacts>, Partial<CycleInputs>, string]>([
    ['a foreign change', { holdReason: 'foreign-fill' }, {}, 'on-hold'],
    [
      'a halted instrument',
      { instrument: anInstrument('BTC', { sizeDecimals: 3, status: 'halted' }) },
      {},
      'instrument-not-active',
    ],
    ['an unknown account', {}, { money: null }, 'account-unknown'],
    [
      'a lock that closes only',
      {},
      { systemState: aSystemState({ state: 'LOCKED', lockMode: 'close-only' }) },
      'state-forbids',
    ],
    ['RECONCILING', {}, { systemState: aSystemState({ state: 'RECONCILING' }) }, 'state-forbids'],
    [
      'too many orders',
      {},
      { activity: { ordersLastMinute: 60, realizedPnlTodayQuote: '0', feesTodayQuote: '0' } },
      'order-rate',
    ],
    [
      'the loss of the day',
      {},
      { activity: { ordersLastMinute: 0, realizedPnlTodayQuote: '-501', feesTodayQuote: '0' } },
      'daily-loss',
    ],
    [
      'a mark price far away',
      { price: { last: { price: '100', venueTimeMs: NOW }, mark: { price: '90', timeMs: NOW } } },
      {},
      'price-deviation',
    ],
  ])('%s', (_, facts, cycle, code) => {
    expect(decideOne(facts, cycle)).toMatchObject({ kind: 'refusal', code, intent: null });
    expect(decideOne({ ...facts, ...flat, sources: agreed('6') }, cycle)).toMatchObject({
      kind: 'order',
      code: 'exit',
    });
  });

  it('lets nothing out but cancels when frozen, or when the state is absent', () => {
    const frozen = { systemState: aSystemState({ state: 'LOCKED', lockMode: 'freeze' }) } as const;
    for (const cycle of [frozen, { systemState: null }]) {
      expect(codeOf({}, cycle)).toBe('state-forbids');
      expect(codeOf({ ...flat, sources: agreed('6') }, cycle)).toBe('state-forbids');
      expect(decideOne({ ...flat, orders: [workingOrder()] }, cycle).kind).toBe('cancel');
    }
  });

  it('exits on an old price: its bound limits only what the venue may fill', () => {
    const old = { last: { price: '100', venueTimeMs: NOW - 3_600_000 }, mark: null };
    expect(decideOne({ ...flat, sources: agreed('6'), price: old }).intent?.limitPrice).toBe('99.5');
    expect(codeOf({ price: old })).toBe('price-stale');
    expect(codeOf({ ...flat, sources: agreed('6'), price: null })).toBe('no-price');
  });
});

describe('planCycle: margin', () => {
  const tight = (fraction: string, marginUsedQuote = '0'): Partial<CycleInputs> => ({
    settings: someSettings({ marginUsageFractionMax: fraction }),
    money: { equityQuote: '10000', marginUsedQuote, venueTimeMs: NOW },
  });
  const eth = (change: Partial<SymbolFacts> = {}) =>
    aSymbol({ instrument: anInstrument('ETH', { sizeDecimals: 3, assetId: 1 }), ...change });

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

describe('planCycle: dust', () => {
  const dust = { ...flat, sources: agreed('0.05') } as const;

  it('tries a full exit below the minimum of the venue once, then reports it', () => {
    expect(decideOne(dust)).toMatchObject({ code: 'exit', intent: { size: '0.05', reduceOnly: true } });
    expect(decideOne({ ...dust, exitAttempts: 1 })).toMatchObject({ kind: 'refusal', code: 'dust', intent: null });
  });

  it('leaves no dust behind: a target below the minimum is held as flat', () => {
    const tiny = someSettings({ sizing: { kind: 'fixed', unitQuote: '0.4' } });
    expect(decideOne({ sources: agreed('6') }, { settings: tiny })).toMatchObject({
      code: 'exit',
      desiredSize: '0',
      intent: { size: '6' },
      inputs: { desired: { size: '0.08', limitedBy: 'venue-minimum' } },
    });
    expect(codeOf({}, { settings: tiny })).toBe('aligned');
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

  it('plans only what it is asked for, by symbol', () => {
    const eth = aSymbol({ instrument: anInstrument('ETH', { sizeDecimals: 3 }) });
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
