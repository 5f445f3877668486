import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeOrders } from './judge-orders.ts';
import { judgePlatform } from './judge-platform.ts';
import { judgeRecords } from './judge-records.ts';
import { type Evidence, readEvidence } from './judge-rows.ts';
import { runScenario, type ScenarioRun } from './run-scenario.ts';
import { scenarioOf } from './scenario.ts';

/** A run takes two seconds; a machine that is busy with other things takes longer. */
const HOOK_TIMEOUT_MS = 300_000;

/** What each judge must notice: one thing falsified in the records of a run that was in order. */
const FALSIFIED: readonly (readonly [string, string, (evidence: Evidence, run: ScenarioRun) => void])[] = [
  ['a fill that is not stored', 'every fill is stored', (e) => void e.fills.pop()],
  ['a fill of somebody else', 'every fill is stored', (e) => void Object.assign(e.fills[0]!, { ours: 0 })],
  ['a fee that was stored wrong', 'cash is conserved', (e) => void Object.assign(e.fills[0]!, { fee_quote: '99' })],
  ['an order row that is gone', 'nothing acknowledged is lost', (e) => void e.orders.splice(filledAt(e), 1)],
  [
    'a wrong end',
    'nothing acknowledged is lost',
    (e) => void Object.assign(e.orders[filledAt(e)]!, { status: 'rejected' }),
  ],
  [
    'an order that never ended',
    'nothing acknowledged is lost',
    (e) => void Object.assign(e.orders[filledAt(e)]!, { status: 'unknown' }),
  ],
  [
    'a wrong filled size',
    'nothing acknowledged is lost',
    (e) => void Object.assign(e.orders[filledAt(e)]!, { filled_size: '0' }),
  ],
  [
    'an epoch that rose twice',
    'epochs rise by one per ended order',
    (e) => void Object.assign(e.epochs[0]!, { epoch: e.epochs[0]!.epoch + 1 }),
  ],
  ['two orders of one epoch', 'one order per position epoch', (e) => void e.orders.push({ ...e.orders[0]! })],
  ['a decision without its sources', 'no order without quorum', (e) => decide(e, { sources: undefined })],
  [
    'a quorum of one',
    'no order without quorum',
    (e) => decide(e, { sources: [{ ...sourcesOf(e)[0]!, notCounting: null }] }),
  ],
  ['sources that differ', 'no order without quorum', (e) => decide(e, { sources: dissenting(e) })],
  [
    'a source from before the settlement',
    'no order without quorum',
    (e) => decide(e, { quorum: { quorum: 2, maxAgeMs: 120_000, settledAtMs: 9e15 } }),
  ],
  [
    'a target that was passed',
    'no overshoot beyond one lot',
    (e) => void Object.assign(openDecision(e), { desired_size: '0' }),
  ],
  [
    'a repeated order at the venue',
    'nothing is sent twice',
    (e) => void Object.assign(e, { ledger: { ...e.ledger, duplicateCloidsRefused: 1 } }),
  ],
  ['a false HOLD', 'left in order', (e) => void Object.assign(e.epochs[0]!, { hold_reason: 'foreign-fill' })],
  [
    'a system that never recovered',
    'left in order',
    (e) => void Object.assign(e.systemState!, { state: 'RECONCILING' }),
  ],
  [
    'a builder that was paid',
    'nobody is paid for our orders',
    (e) => void e.ledger.builderEvents.push({ kind: 'builder-fee', atMs: 0 }),
  ],
  ['a position beyond its limit', 'exposure within limits', (_, run) => grow(run, { notionalQuote: '1000000' })],
  ['a margin beyond its limit', 'exposure within limits', (_, run) => grow(run, { marginQuote: '1000000' })],
  [
    'an opening order outside HEALTHY',
    'the state gates orders',
    (e) => void Object.assign(e.audit.find((a) => a.to_state === 'HEALTHY')!, { to_state: 'RECONCILING' }),
  ],
  ['a desired position out of reach', 'desired reached within 2 cycles after the last fault', (_, run) => unreach(run)],
];

describe('the judges of a simulated run', () => {
  let run: ScenarioRun;
  let original: Evidence;
  let end: () => void = () => {};
  let ended: Promise<void>;

  beforeAll(async () => {
    await new Promise<void>((resolve, reject) => {
      ended = runScenario(scenarioOf(2), async (judged) => {
        run = judged;
        original = await readEvidence(judged);
        resolve();
        await new Promise<void>((goOn) => {
          end = goOn;
        });
      });
      ended.catch(reject);
    });
  }, HOOK_TIMEOUT_MS);
  afterAll(async () => {
    end();
    await ended;
  });

  const judge = (evidence: Evidence, judged: ScenarioRun) =>
    [...judgeOrders(judged, evidence), ...judgeRecords(judged, evidence), ...judgePlatform(judged, evidence)].map(
      (violation) => violation.invariant,
    );

  it('find nothing when nothing was falsified', async () => {
    expect(judge(await readEvidence(run), run)).toEqual([]);
  });

  it.each(FALSIFIED)('notice %s', async (_what, invariant, falsify) => {
    const evidence = await readEvidence(run);
    const copy = { ...run, grown: run.grown.map((g) => ({ ...g })), decisions: run.decisions.map((d) => ({ ...d })) };
    falsify(evidence, copy);
    expect(judge(evidence, copy)).toContain(invariant);
    // The next case starts from the same records.
    expect(await readEvidence(run)).toMatchObject({ fills: original.fills, orders: original.orders });
  });
});

const filledAt = (e: Evidence): number => e.orders.findIndex((order) => order.status === 'filled');
const openDecision = (e: Evidence) => {
  const order = e.orders.find((o) => o.order_class === 'open' && o.status === 'filled')!;
  return e.decisionOf.get(order.decision_id)!;
};
const inputs = (e: Evidence) =>
  JSON.parse(openDecision(e).inputs_json) as { sources: { size: string; notCounting: string | null }[] };
const sourcesOf = (e: Evidence) => inputs(e).sources;
const dissenting = (e: Evidence) =>
  sourcesOf(e).map((source, i) => ({ ...source, notCounting: null, size: String(i * 1000) }));
function decide(e: Evidence, change: object): void {
  openDecision(e).inputs_json = JSON.stringify({ ...inputs(e), ...change });
}
function grow(run: ScenarioRun, change: object): void {
  const own = run.grown.find((growth) => growth.cloid !== null)!;
  Object.assign(own, change);
}
function unreach(run: ScenarioRun): void {
  for (const decision of run.decisions) Object.assign(decision, { venueSize: '1000000' });
}
