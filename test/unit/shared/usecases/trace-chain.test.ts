import { describe, expect, it } from 'vitest';
import type { ChainView, DecisionView } from '#shared/ports/repositories/read-model.ts';
import { type TraceChainDeps, traceChain } from '#shared/usecases/trace-chain.ts';
import { ACCOUNT, EXCHANGE, order, SYMBOL, T0 } from '#test/support/orders.ts';

const decision = (over: Partial<DecisionView> = {}): DecisionView => ({
  id: 'd1',
  cycleId: 'c1',
  symbol: SYMBOL,
  epoch: 0,
  kind: 'refusal',
  code: 'no-quorum',
  message: 'too few sources',
  desiredSize: null,
  actualSize: null,
  clientOrderId: null,
  inputs: { large: true },
  correlationId: 'corr-1',
  episodeCount: 1,
  createdAtMs: T0,
  lastAtMs: T0,
  ...over,
});

const deps = (chain: ChainView, decisions: readonly DecisionView[] = []): TraceChainDeps => ({
  readModel: {
    chain: async () => chain,
    order: async () => null,
    fills: async () => [],
    decision: async (id) => decisions.find((one) => one.id === id) ?? null,
  },
});
const input = { exchange: EXCHANGE, account: ACCOUNT, subject: 'corr-1' };

describe('tracing a chain', () => {
  it('that ended in a refusal tells it, and does not guess when it was born', async () => {
    const outcome = await traceChain(
      deps({ bornAtMs: null, decisions: [decision({ episodeCount: 3 })], orders: [] }),
      input,
    );

    expect(outcome).toMatchObject({ kind: 'traced', chain: { bornAtMs: null, orders: [], fills: [] } });
    expect(outcome.kind === 'traced' && outcome.chain.steps).toEqual([
      { atMs: T0, kind: 'decision', symbol: SYMBOL, id: 'd1', text: 'refusal no-quorum, 3 times: too few sources' },
    ]);
  });

  it('includes the decision of its order that an earlier chain had made first, without its inputs', async () => {
    const placed = order({ decisionId: 'earlier' });
    const earlier = decision({ id: 'earlier', kind: 'order', code: 'open', correlationId: 'corr-0' });
    const outcome = await traceChain(deps({ bornAtMs: T0 - 5, decisions: [], orders: [placed] }, [earlier]), input);

    expect(outcome.kind === 'traced' && outcome.chain.decisions).toEqual([{ ...earlier, inputs: null }]);
    expect(outcome.kind === 'traced' && outcome.chain.steps.map((one) => one.kind)).toEqual([
      'born',
      'decision',
      'intent',
    ]);
  });

  it('of which nothing is stored is refused', async () => {
    expect(await traceChain(deps({ bornAtMs: null, decisions: [], orders: [] }), input)).toMatchObject({
      kind: 'not-found',
      refusal: { code: 'unknown-chain' },
    });
  });
});
