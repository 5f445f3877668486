import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { showLiveStatus } from '#local/live-status.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** What a status line reads of it. */
const SNAPSHOT = {
  system: null,
  money: null,
  symbols: [],
  counts: { workingOrders: 2, unknownOrders: 0 },
  lastRefusal: null,
} as unknown as PlatformSnapshot;

function setUp(over: { snapshot?: () => Promise<PlatformSnapshot>; ticks?: (() => number) | null } = {}) {
  const shown: string[] = [];
  const said: string[] = [];
  const shutdown = { requested: false };
  const terminal = { status: (text: string) => void shown.push(text), say: (text: string) => void said.push(text) };
  const snapshot = over.snapshot ?? (async () => SNAPSHOT);
  showLiveStatus({
    terminal,
    shutdown,
    everyMs: 1000,
    snapshots: async () => [await snapshot()],
    ticks: over.ticks ?? null,
  });
  return { shown, said, shutdown };
}

it('shows the line at each interval, with the prices seen a second, until the end is asked for', async () => {
  let ticks = 100;
  const { shown, shutdown } = setUp({ ticks: () => ticks });
  ticks = 105;
  await vi.advanceTimersByTimeAsync(1000);
  shutdown.requested = true;
  await vi.advanceTimersByTimeAsync(5000);

  expect(shown).toEqual([
    'no state yet | 5.0 ticks/s | equity unknown | positions 0 | orders 2 working | last refusal: none',
  ]);
});

it('tells how old the equity is, and what is not ready', async () => {
  const money = { equityQuote: '10000', ageMs: 12_345 } as PlatformSnapshot['money'];
  const readiness = { ready: false, checks: [{ check: 'prices' as const, ok: false, problem: 'old' }] };
  const system = { state: 'HEALTHY', lockMode: null, missing: [] } as unknown as PlatformSnapshot['system'];
  const { shown } = setUp({ snapshot: async () => ({ ...SNAPSHOT, system, money, readiness }) });
  await vi.advanceTimersByTimeAsync(1000);

  expect(shown[0]).toContain('HEALTHY, not ready: prices |');
  expect(shown[0]).toContain('equity 10000.00 (12s old)');
});

it('begins no second reading while one takes its time', async () => {
  const asked: ((snapshot: PlatformSnapshot) => void)[] = [];
  const { shown } = setUp({ snapshot: () => new Promise((answer) => asked.push(answer)) });
  await vi.advanceTimersByTimeAsync(5000);
  const whileReading = asked.length;
  asked[0]!(SNAPSHOT);
  await vi.advanceTimersByTimeAsync(1000);

  expect(whileReading).toBe(1);
  expect(asked).toHaveLength(2);
  expect(shown).toHaveLength(1);
});

it('says what could not be read, and goes on', async () => {
  let fails = true;
  const { shown, said } = setUp({
    snapshot: async () => {
      if (fails) throw new Error('no answer');
      return SNAPSHOT;
    },
  });
  await vi.advanceTimersByTimeAsync(1000);
  fails = false;
  await vi.advanceTimersByTimeAsync(1000);

  expect(said).toEqual(['status unreadable: no answer']);
  expect(shown).toHaveLength(1);
});
