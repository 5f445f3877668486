import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExplainedDecision, explainDecision } from '#shared/core/reconciliation/explain-decision.ts';
import { decisionInputs } from '#test/support/platform-rows.ts';

const decision: ExplainedDecision = {
  symbol: 'BTC/USDC:USDC',
  kind: 'refusal',
  code: 'no-quorum',
  message: 'too few sources of the position count',
  desiredSize: '0.002',
  actualSize: null,
  episodeCount: 4,
  inputs: decisionInputs,
};
const textOf = (inputs: unknown, change: Partial<ExplainedDecision> = {}) =>
  explainDecision({ ...decision, ...change, inputs })
    .flatMap((section) => section.lines)
    .join('\n');

describe('explain decision', () => {
  it('says what was decided, how often, and what is unknown', () => {
    expect(explainDecision(decision)[0]).toEqual({
      title: 'Decision',
      lines: [
        'refusal no-quorum, 4 times in a row: too few sources of the position count',
        'desired 0.002, actual unknown',
      ],
    });
  });

  it('names an unknown desired position and that it is no exit', () => {
    const desired = {
      kind: 'unknown',
      reason: 'strategy-stale',
      detail: {},
      rule: null,
      direction: null,
      unitQuote: null,
      runs: null,
      dataState: 'data-gap',
      target: null,
    };

    const text = textOf({ ...decisionInputs, desired }, { desiredSize: null });

    expect(text).toContain('unknown: strategy-stale; unknown is never an exit');
    expect(text).toContain('market data is data-gap');
    expect(text).not.toContain('÷');
  });

  it('shows what limited the size, the lock, the hold and the numbers of a refusal', () => {
    const text = textOf({
      ...decisionInputs,
      desired: { ...decisionInputs.desired, limitedBy: 'margin-cap', target: '0.001' },
      actual: 'no-quorum',
      state: 'LOCKED',
      lockMode: 'close-only',
      holdReason: 'foreign-fill',
      exitAttempts: 2,
      refusal: { counting: 1, quorum: 2, lot: null },
    });

    for (const line of [
      'limited by margin-cap to 0.001',
      'no quorum: no-quorum',
      'system state LOCKED (close-only)',
      'on hold: foreign-fill',
      '2 unfilled exit(s) in a row',
      'refused with counting 1, quorum 2, lot unknown',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('shortens a quotient with all its digits for reading', () => {
    const desired = { ...decisionInputs.desired, capQuote: '1153.599247846153846153846153846153846154' };

    expect(textOf({ ...decisionInputs, desired })).toContain('margin cap of the symbol 1153.5992 at leverage');
  });

  it('explains any stored inputs without failing', () => {
    fc.assert(
      fc.property(
        fc.anything(),
        fc.dictionary(fc.constantFrom(...Object.keys(decisionInputs)), fc.anything()),
        (any, part) => {
          for (const inputs of [part, { ...decisionInputs, ...part }, typeof any === 'object' ? any : null]) {
            const sections = explainDecision({ ...decision, inputs: Array.isArray(inputs) ? {} : inputs });
            expect(sections[0]?.title).toBe('Decision');
          }
        },
      ),
    );
  });
});
