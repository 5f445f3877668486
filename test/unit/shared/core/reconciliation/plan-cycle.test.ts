import { describe, expect, it } from 'vitest';
import type { CycleInputs, SymbolFacts } from '#shared/core/reconciliation/cycle-inputs.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import {
  aCycle,
  agreed,
  aReading,
  aSymbol,
  aSystemState,
  codeOf,
  decideOne,
  flat,
  CYCLE_NOW_MS as NOW,
  someSettings,
  wants,
  workingOrder,
} from '#test/support/cycle.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';

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

  it.each<[string, Partial<SymbolFacts>, Partial<CycleInputs>]>([
    ['flattened it', { managed: false }, {}],
    ['flattened everything', {}, { systemState: aSystemState({ state: 'LOCKED', lockMode: 'flatten' }) }],
  ])('exits a symbol whose runs lack their history once a human has %s', (_, facts, cycle) => {
    for (const dataState of ['data-gap', 'warming-up'] as const) {
      expect(decideOne({ sources: agreed('6'), dataState, ...facts }, cycle)).toMatchObject({
        code: 'exit',
        intent: { size: '6' },
      });
    }
  });

  it('exits a symbol that the operator removed, and forgets it once it is flat', () => {
    expect(codeOf({ managed: false, sources: agreed('6') })).toBe('exit');
    expect(planCycle(aCycle([aSymbol({ managed: false, sources: agreed('0') })]))).toMatchObject([
      { kind: 'in-sync', code: 'left-alone', intent: null },
    ]);
    expect(codeOf({ managed: false, sources: [aReading('own-table', '0')] })).toBe('no-quorum');
  });

  it('reports positions in symbols that nobody manages and leaves them alone', () => {
    const foreign = { symbol: 'DOGE/USDC:USDC', source: 'own-table', size: '-5', venueTimeMs: NOW, previous: null };
    const [decision] = planCycle(aCycle([], { foreign: [foreign] }));

    expect(decision).toMatchObject({ kind: 'refusal', code: 'unmanaged-position', actualSize: '-5', intent: null });
    expect(decision?.alarm).toBe('unmanaged-position');
  });

  it('alarms about such a position once, not each cycle', () => {
    const previous = { id: 'first', symbol: 'DOGE/USDC:USDC', kind: 'refusal', code: 'unmanaged-position', epoch: 0 };
    const position = { symbol: 'DOGE/USDC:USDC', source: 'own-table', size: '-5', venueTimeMs: NOW };
    const foreign = [{ ...position, previous: { ...previous, kind: 'refusal' as const, episodeCount: 3 } }];
    const [decision] = planCycle(aCycle([], { foreign }));

    expect(decision).toMatchObject({ code: 'unmanaged-position', episodeCount: 4, alarm: null });
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
      { instrument: anInstrument('BTC', { ...lots(3), status: 'halted' }) },
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
