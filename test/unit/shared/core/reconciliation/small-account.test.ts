import { describe, expect, it } from 'vitest';
import { explainDecision } from '#shared/core/reconciliation/explain-decision.ts';
import { planCycle } from '#shared/core/reconciliation/plan-cycle.ts';
import { orderLimitsSchema } from '#shared/core/risk/limits.ts';
import {
  aCycle,
  agreed,
  aSymbol,
  codeOf,
  decideOne,
  CYCLE_NOW_MS as NOW,
  someSettings,
  wants,
} from '#test/support/cycle.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';

/** Equity 700 and 1 % of it for seven symbols of leverage 10: 1 of margin each. The runs want 5 × 20.25 ÷ 100 = 1.012. */
const COINS = ['BTC', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6'];
function onSmallAccount(held: string, equityQuote = '700') {
  const decisions = planCycle(
    aCycle(
      COINS.map((coin, assetId) =>
        aSymbol({
          instrument: anInstrument(coin, { assetId, ...lots(3) }),
          runs: wants(5),
          sources: agreed(coin === 'BTC' ? held : '0'),
        }),
      ),
      {
        settings: someSettings({ marginUsageFractionMax: '0.01' }),
        money: { equityQuote, marginUsedQuote: '0', venueTimeMs: NOW - 9_000 },
      },
    ),
  );
  return decisions.find((d) => d.symbol === 'BTC/USDC:USDC')!;
}
const CAP =
  "the runs want 1.012 (101.2 quote), margin-cap allows 0.099 (1 margin × leverage 10 = 10 quote, by equity 700 and budget 7, at 100.5), less than the venue's smallest order of 10";

describe('a margin cap below the smallest order', () => {
  it('is named with its numbers by the refusal to open, and in the explanation', () => {
    const decision = onSmallAccount('0');

    expect(decision).toMatchObject({ kind: 'refusal', code: 'margin-cap', desiredSize: '0', intent: null });
    expect(decision.message).toContain(CAP);
    const words = explainDecision({ ...decision, inputs: JSON.parse(JSON.stringify(decision.inputs)) });
    expect(words.find((section) => section.title === 'Sizing')?.lines).toContain(`limited by margin-cap to 0: ${CAP}`);
  });

  it('is named by the order that closes what it allows no longer', () => {
    const decision = onSmallAccount('0.5');

    expect(decision).toMatchObject({ kind: 'order', code: 'exit', intent: { size: '0.5', reduceOnly: true } });
    expect(decision.message).toContain(CAP);
  });

  it('leaves a position that is above it by less than a smallest trade, so that equity near the border trades nothing', () => {
    // 0.25 is worth 25, which is 15.1 above what is allowed; a trade is worth 20 at least.
    expect(onSmallAccount('0.25')).toMatchObject({ kind: 'in-sync', code: 'below-threshold' });
    expect(onSmallAccount('0.25').message).toContain(CAP);
    expect(onSmallAccount('0.3').code).toBe('exit');
    expect(onSmallAccount('-0.25').code).toBe('exit');
  });

  it('is named where it cuts and something is left, too', () => {
    expect(onSmallAccount('0.597', '4200')).toMatchObject({
      kind: 'in-sync',
      code: 'aligned',
      message: expect.stringMatching(
        /^holds what the limits leave.*the runs want 1\.012.*margin-cap allows 0\.597 \(6 margin/,
      ),
    });
    expect(onSmallAccount('0', '4200').message).toMatch(/^buy 0\.597 .*margin-cap allows 0\.597/);
  });
});

describe('a size that rounds to no lot', () => {
  const limits = (change: object) => ({ settings: someSettings({ limits: orderLimitsSchema.parse(change) }) });

  it('is refused as max_order_notional where one lot is worth more, and never sent as an order of size 0', () => {
    const whole = { instrument: anInstrument('BTC', { ...lots(0) }) };
    const decision = decideOne(whole, limits({ max_order_notional: 100 }));

    expect(decision).toMatchObject({ kind: 'refusal', code: 'max-order-notional', intent: null });
    expect(decision.message).toMatch(/max_order_notional .*one lot of 1 is worth 100\.5 .*limit is 100/);
    expect(decideOne(whole, limits({ max_order_notional: 100.5 }))).toMatchObject({ intent: { size: '1' } });
    // A part of the order that the venue would refuse as too small is the same.
    expect(codeOf({}, limits({ max_order_notional: 9 }))).toBe('max-order-notional');
  });

  it('is refused as max-position-notional where the limit allows no lot', () => {
    const whole = { instrument: anInstrument('BTC', { ...lots(0) }) };
    const decision = decideOne(whole, limits({ max_position_notional: 100 }));

    expect(decision).toMatchObject({ kind: 'refusal', code: 'max-position-notional' });
    expect(decision.message).toContain('max-position-notional allows 0 (100 quote, at 100.5)');
  });

  it('is refused by name where the venue takes no order of that size', () => {
    const least = { instrument: anInstrument('BTC', { ...lots(3), minSize: '0.5' }), runs: wants(2) };

    expect(decideOne(least)).toMatchObject({ kind: 'refusal', code: 'venue-minimum', desiredSize: '0' });
    expect(decideOne(least).message).toContain("less than the venue's smallest order of size 0.5");
  });

  it('is refused by name where the runs want less than one lot, instead of passing for what is desired', () => {
    const whole = { instrument: anInstrument('BTC', { ...lots(0) }), runs: wants(2) };

    expect(decideOne(whole)).toMatchObject({ kind: 'refusal', code: 'lot', desiredSize: '0' });
    expect(decideOne(whole).message).toContain('the runs want 2 × 20.25 quote, less than one lot of 1 at 100');
    expect(decideOne({ ...whole, sources: agreed('1') })).toMatchObject({ kind: 'order', code: 'exit' });
  });
});
