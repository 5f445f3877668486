import { describe, expect, it } from 'vitest';
import type { CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import type { QueueMessage } from '#shared/ports/work-queue.ts';
import { type FollowUpCycleInput, followUpCycle, SOURCES_RETRY } from '#shared/usecases/follow-up-cycle.ts';
import { CYCLE_NOW_MS as NOW } from '#test/support/cycle.ts';

const aDecision = (change: Partial<CycleDecision> = {}): CycleDecision => ({
  id: 'c-0',
  symbol: 'BTC/USDC:USDC',
  epoch: 7,
  kind: 'refusal',
  code: 'no-quorum',
  message: 'too few sources of the position count',
  desiredSize: '1',
  actualSize: null,
  inputs: {},
  repeats: false,
  episodeCount: 1,
  intent: null,
  cancels: [],
  wantsFreshSources: false,
  alarm: null,
  ...change,
});

const follow = async (decisions: readonly CycleDecision[], change: Partial<FollowUpCycleInput> = {}) => {
  const sent = { orders: [] as QueueMessage[], requests: [] as QueueMessage[], delayed: [] as QueueMessage[] };
  const alerts: { id: string; severity: string; symbol: string | null; detail: unknown }[] = [];
  const queue = (to: QueueMessage[]) => ({
    send: async (messages: readonly QueueMessage[]) => void to.push(...messages),
  });
  const facts = await followUpCycle(
    {
      orders: queue(sent.orders),
      runRequests: queue(sent.requests),
      delayedRequests: queue(sent.delayed),
      alerts: { raise: async (alert) => void alerts.push(alert) },
    },
    {
      exchange: 'hyperliquid',
      account: 'main',
      cycleId: 'c',
      decisions,
      nowMs: NOW,
      orderTtlMs: 30_000,
      retryDelaySecondsMax: 64,
      repeatOf: null,
      trace: { correlationId: 'corr', bornAtMs: NOW },
      ...change,
    },
  );
  const bodies = (list: readonly QueueMessage[]) => list.map((m) => JSON.parse(m.body));
  return { facts, sent, alerts, bodies };
};

describe('followUpCycle', () => {
  it('asks for nothing when nothing is wrong', async () => {
    const { facts, sent, alerts } = await follow([aDecision({ kind: 'in-sync', code: 'aligned' })]);

    expect(facts).toEqual({ cancels: 0, refreshed: [], retryAfterSeconds: null, alarms: [] });
    expect([sent.orders, sent.requests, sent.delayed, alerts]).toEqual([[], [], [], []]);
  });

  it('sends a cancel that expires, in the order of its account', async () => {
    const id = `0x0a1b2c3d${'1'.repeat(24)}` as const;
    const { sent, bodies } = await follow([aDecision({ kind: 'cancel', cancels: [id] })]);

    expect(sent.orders).toMatchObject([{ groupId: 'hyperliquid:main', deduplicationId: `c:${id}` }]);
    expect(bodies(sent.orders)).toMatchObject([{ type: 'cancel', clientOrderId: id, expiresAtMs: NOW + 30_000 }]);
  });

  it('reads every source again at once and plans these symbols again a little later', async () => {
    const { facts, sent, bodies } = await follow([
      aDecision({ wantsFreshSources: true }),
      aDecision({ symbol: 'ETH/USDC:USDC' }),
    ]);

    expect(bodies(sent.requests).map((b) => b.job)).toEqual(['balance', 'observer']);
    expect(sent.delayed[0]?.delaySeconds).toBe(2);
    expect(bodies(sent.delayed)).toMatchObject([
      { job: 'reconciliation', symbols: ['BTC/USDC:USDC'], reason: SOURCES_RETRY, attempt: 1 },
    ]);
    expect(facts.retryAfterSeconds).toBe(2);
  });

  it('waits twice as long with each repeat and leaves it to the schedule at the end', async () => {
    const again = (repeatOf: number) => follow([aDecision({ wantsFreshSources: true, repeats: true })], { repeatOf });

    expect((await again(1)).facts.retryAfterSeconds).toBe(4);
    expect((await again(5)).facts.retryAfterSeconds).toBe(64);
    expect((await again(6)).facts.retryAfterSeconds).toBeNull();
  });

  it('starts one chain of repeats per episode, not one per trigger', async () => {
    const { facts, sent } = await follow([aDecision({ wantsFreshSources: true, repeats: true })]);

    expect(sent.requests).toHaveLength(2);
    expect([sent.delayed, facts.retryAfterSeconds]).toEqual([[], null]);
  });

  it('raises one alarm per kind, naming at most twenty symbols', async () => {
    const stuck = Array.from({ length: 30 }, (_, n) =>
      aDecision({ id: `c-${n}`, symbol: `S${n}`, alarm: 'sources-dissent' }),
    );
    const { alerts, facts } = await follow([...stuck, aDecision({ symbol: 'X', alarm: 'exit-not-filling' })]);

    expect(facts.alarms).toEqual(['sources-dissent', 'exit-not-filling']);
    expect(alerts).toMatchObject([
      { id: 'sources-dissent:hyperliquid:main', severity: 'critical', symbol: null, detail: { count: 30 } },
      { id: 'exit-not-filling:hyperliquid:main', symbol: 'X' },
    ]);
    expect((alerts[0]!.detail as { symbols: string[] }).symbols).toHaveLength(20);
  });
});
