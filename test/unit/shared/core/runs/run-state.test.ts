import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indicatorPrice } from '#shared/core/runs/cohort.ts';
import { decodeRunState, encodeRunState, initRunState, RUN_STATE_BYTES_MAX } from '#shared/core/runs/run-state.ts';
import { stepRun } from '#shared/core/runs/step-run.ts';
import { STRATEGIES } from '#shared/core/strategies/registry.ts';
import { aPlan, aRun, RUNS_START_MS } from '#test/support/run-builders.ts';

const strategyParams = {
  'ema-crossover': { fastBars: 9, slowBars: 31, bandFraction: 0.0001 },
  'entropy-breakout': { blockBars: 3, entropyBars: 64, entropyMax: 1, exitFraction: 0.5 },
} as Record<string, object>;

/** Long random walks at any price level, as venue texts with up to 12 decimals. */
const walks = fc.record({
  level: fc.constantFrom(0.00001234, 0.0371, 1, 118_000, 3_400_000),
  moves: fc.array(fc.double({ min: -0.02, max: 0.02, noNaN: true }), { minLength: 150, maxLength: 400 }),
});

describe.each(STRATEGIES.map((s) => s.name))('run state of %s', (name) => {
  const plan = aPlan({ strategy: strategyParams[name]!, notionalQuote: 1e6 }, name);

  it(`stays within ${RUN_STATE_BYTES_MAX} bytes and survives its text over any series`, () => {
    fc.assert(
      fc.property(walks, ({ level, moves }) => {
        let run = aRun(plan);
        let price = level;
        moves.forEach((move, i) => {
          price *= 1 + move;
          const p = indicatorPrice(price.toFixed(12));
          const bar = {
            kind: 'bar',
            openTimeMs: RUNS_START_MS + i * 60_000,
            open: p,
            high: p,
            low: p,
            close: p,
          } as const;
          run = stepRun(run, { timeMs: bar.openTimeMs + 60_000, price: p, closedBars: [bar] });
          const text = encodeRunState(plan, run.state);
          expect(text.length).toBeLessThanOrEqual(RUN_STATE_BYTES_MAX);
          expect(decodeRunState(plan, text)).toEqual(run.state);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('keeps the account and starts cold when the cells are of another version', () => {
    const account = { sizeE8: 5, entryMicros: 6, feesMicros: 7 };
    const json = JSON.parse(
      encodeRunState(plan, { strategy: plan.definition.init(plan.strategy), account }),
    ) as unknown[];
    json[4] = 99;
    expect(decodeRunState(plan, JSON.stringify(json))).toEqual({
      strategy: plan.definition.init(plan.strategy),
      account,
    });
  });

  it.each([
    '',
    'null',
    '{}',
    '[]',
    '[1]',
    '[2,0,0,0,1]',
    '[1,0.5,0,0,1]',
    '[1,"0",0,0,1]',
    `[1,0,0,0,1,"${'0'.repeat(400)}"]`,
  ])('refuses the text %s', (text) => {
    expect(decodeRunState(plan, text)).toBeNull();
  });

  it('starts cold on cells that no step could have written', () => {
    const cold = initRunState(plan);
    for (const cells of ['"x"', '-1,-1,-1,-1', '1e400,1,1,1', '9,9,9,9,9,9,9,9', 'null,null,null,null']) {
      const text = `[1,0,0,0,1,${cells}]`;
      expect(decodeRunState(plan, text), cells).toEqual(cold);
    }
  });
});
