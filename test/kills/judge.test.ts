import { describe, expect, it } from 'vitest';
import { TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { verifyDeath } from './death-scene.ts';
import { declaredTargets, type Evidence, judge, type Ledger } from './judge.ts';
import { KILLS_PER_SEQUENCE, planSequence, REQUIRED_KILLS, REQUIRED_POINTS } from './kill-plan.ts';
import type { OrderRow, PlatformRecords } from './platform-records.ts';

const USER = TEST_SIGNERS.mainMaster.address;
const ID = `0x${'ab'.repeat(16)}`;
const OTHER_ID = `0x${'cd'.repeat(16)}`;
const BTC = 'BTC/USDC:USDC';

const row: OrderRow = {
  client_order_id: ID,
  symbol: BTC,
  epoch: 0,
  order_class: 'open',
  side: 'buy',
  size: '0.001',
  reduce_only: 0,
  status: 'filled',
  filled_size: '0.001',
  error_code: null,
  created_at_ms: 2_000,
  sent_at_ms: 2_010,
  ended_at_ms: 2_100,
  desired_size: '0.001',
  decision: 'cycle-0',
};

const inSync = (symbol: string, size: string) =>
  ({ symbol, kind: 'in-sync', code: 'aligned', actual_size: size, last_at_ms: 3_000 }) as const;

const records: PlatformRecords = {
  state: { state: 'HEALTHY', changed_at_ms: 1_500 },
  audit: [
    { to_state: 'RECONCILING', at_ms: 1_100 },
    { to_state: 'HEALTHY', at_ms: 1_500 },
  ],
  orders: [row],
  pendingOutbox: 0,
  fills: [{ trade_id: '7', venue_order_id: '1', client_order_id: ID, size: '0.0010', price: '65000', ours: 1 }],
  epochs: [{ symbol: BTC, epoch: 1, hold_reason: null }],
  decisions: [inSync(BTC, '0.001'), inSync('SOL/USDC:USDC', '0'), inSync('XYZ-CL/USDC:USDC', '0')],
  alerts: [],
  deadLetters: 0,
  liveRuns: 3,
};

const venueOrder = {
  oid: 1,
  cloid: ID,
  user: USER,
  coin: 'BTC',
  side: 'buy',
  requested: '0.001',
  filled: '0.001',
  status: 'filled',
  acceptedAtMs: 2_050,
  origin: 'api',
  accepted: true,
};

const ledger = {
  maxOvershootLots: 0,
  duplicateOrders: 0,
  duplicateCloidsRefused: 0,
  orders: [venueOrder],
  fills: 1,
  accounts: [{ user: USER, positions: [{ dex: 'native', coin: 'BTC', size: '0.001' }] }],
} as unknown as Ledger;

const evidence: Evidence = {
  records,
  ledger,
  filed: [{ tid: 7, oid: 1, sz: '0.001', px: '65000.0' }],
  targets: { maxOvershootLots: 0, duplicateOrders: 0, unknownCloids: [], overshoots: [] },
  sent: [ID],
  startedAtMs: 1_000,
  firstLife: false,
};

const withRecords = (change: Partial<PlatformRecords>): Evidence => ({
  ...evidence,
  records: { ...records, ...change },
});
const withRow = (change: Partial<OrderRow>): Evidence => withRecords({ orders: [{ ...row, ...change }] });
const withLedger = (change: object): Evidence => ({ ...evidence, ledger: { ...ledger, ...change } as Ledger });
const withTargets = (change: object): Evidence => ({ ...evidence, targets: { ...evidence.targets, ...change } });
const [fill] = records.fills;

describe('the judge of kills', () => {
  it('finds nothing where platform and venue agree', () => {
    expect(judge(evidence)).toEqual([]);
  });

  it.each<[string, Evidence, string]>([
    ['a shared client order id', withLedger({ duplicateOrders: 1 }), 'share a client order id'],
    ['an order sent again', withLedger({ duplicateCloidsRefused: 1 }), 'sent a second time'],
    ['a request that left twice', { ...evidence, sent: [ID, ID] }, 'left 2 times'],
    ['an overshoot', withLedger({ maxOvershootLots: 2 }), 'by 2 lots'],
    ['a second order of an epoch', withTargets({ duplicateOrders: 1 }), 'epochs had a second'],
    ['a passed target', withTargets({ maxOvershootLots: 3 }), 'passed its target'],
    ['an order without a row', withLedger({ orders: [venueOrder, { ...venueOrder, cloid: OTHER_ID }] }), 'no row'],
    ['another filled size', withRow({ filled_size: '0.0005' }), 'filled 0.0005 here'],
    ['another end', withRow({ status: 'cancelled' }), 'cancelled here, filled at the venue'],
    ['another side', withRow({ side: 'sell' }), 'sell 0.001 here'],
    ['an order left at work', withRow({ status: 'unknown' }), 'still unknown'],
    ['a fill that only we have', withLedger({ orders: [] }), 'is filled here, not at the venue'],
    ['an order without a decision', withRow({ decision: null }), 'has no decision'],
    ['a sent order that was not marked', withRow({ sent_at_ms: null }), 'its row does not know'],
    ['a request without an intent', { ...evidence, sent: [ID, OTHER_ID] }, 'left without an intent'],
    ['a lost fill', withRecords({ fills: [] }), 'is not stored'],
    ['a fill stored twice', withRecords({ fills: [fill!, { ...fill!, trade_id: '8' }] }), '2 fills'],
    ['a fill of another size', withRecords({ fills: [{ ...fill!, size: '1' }] }), 'stored differently'],
    ['a fill taken for foreign', withRecords({ fills: [{ ...fill!, ours: 0 }] }), "somebody else's"],
    [
      'an epoch left behind',
      withRecords({ epochs: [{ symbol: BTC, epoch: 0, hold_reason: null }] }),
      'epoch 0 after 1',
    ],
    ['a HOLD', withRecords({ epochs: [{ symbol: BTC, epoch: 1, hold_reason: 'foreign-fill' }] }), 'is on HOLD'],
    ['a wrong belief', withLedger({ accounts: [] }), 'the venue holds 0'],
    ['a start without RECONCILING', withRecords({ audit: [] }), 'went through nothing'],
    ['an early order', withRow({ sent_at_ms: 1_400 }), 'before the system was HEALTHY'],
    ['a false alarm', withRecords({ alerts: [{ id: 'x', kind: 'foreign-writer', message: '' }] }), 'false alarm x'],
    ['a dead letter', withRecords({ deadLetters: 1 }), '1 dead letters'],
    ['a lost run', withRecords({ liveRuns: 2 }), '2 live runs'],
  ])('finds %s', (_, changed, words) => {
    expect(judge(changed).join('\n')).toContain(words);
  });

  it('takes an exit that crosses zero for one that is to end there', () => {
    const exit = { ...row, side: 'sell', reduce_only: 1, desired_size: '-0.001' };

    expect(declaredTargets([row, exit]).map((target) => target.targetSize)).toEqual(['0.001', '0']);
  });
});

describe('the look at a death', () => {
  const kill = planSequence(1).kills[0]!;
  const look = (point: typeof kill.point, variant: typeof kill.variant, orders: readonly OrderRow[], sent: string[]) =>
    verifyDeath(
      {
        kill: { ...kill, point, variant },
        note: { point, variant, atMs: 2_060, clientOrderIds: [ID] },
        integrity: 'ok',
        records: { ...records, orders },
        sent,
      },
      evidence,
    );
  const working = { ...row, status: 'sending' as const };

  it.each([
    ['before-intent', 'unwritten', [], []],
    ['intent-send', 'unsent', [working], []],
    ['send-reply', 'executed', [working], [ID]],
    ['reply-store', 'heard', [working], [ID]],
  ] as const)('believes %s/%s only with its traces', (point, variant, orders, sent) => {
    expect(look(point, variant, orders, [...sent])).toEqual([]);
    expect(look(point, variant, orders.length > 0 ? [] : [working], [...sent])).toHaveLength(1);
  });

  it('reports a damaged file', () => {
    const scene = { kill: { ...kill, point: 'any-time' as const }, note: null, records: null, sent: [] };

    expect(verifyDeath({ ...scene, integrity: 'row 3 missing' }, evidence)).toEqual([
      'the database of the dead process: row 3 missing',
    ]);
  });
});

describe('the plan of kills', () => {
  it('has every required point often enough in a full run, and is the same for the same seed', () => {
    const kills = [1, 2, 3, 4].flatMap((seed) => planSequence(seed).kills);

    expect(kills).toHaveLength(4 * KILLS_PER_SEQUENCE);
    for (const point of REQUIRED_POINTS) {
      expect(kills.filter((kill) => kill.point === point).length).toBeGreaterThanOrEqual(REQUIRED_KILLS);
    }
    expect(planSequence(3)).toEqual(planSequence(3));
    expect(planSequence(3)).not.toEqual(planSequence(4));
  });
});
