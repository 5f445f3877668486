import { expect, it } from 'vitest';
import { type Readiness, together } from '#functions/api/readiness.ts';
import { openPositionsTexts } from '#local/open-positions.ts';
import { statusLines } from '#local/status-line.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';

const snapshotOf = (exchange: string, state: string) =>
  ({
    exchange,
    nowMs: 0,
    system: { state, lockMode: null, missing: [] },
    money: null,
    symbols: [],
    foreignPositions: [],
    counts: { workingOrders: 0, unknownOrders: 0 },
    lastRefusal: null,
  }) as unknown as PlatformSnapshot;
const [a, b] = [snapshotOf('a', 'HEALTHY'), snapshotOf('b', 'LOCKED')];

const readinessOf = (problem: string | null): Readiness => ({
  ready: problem === null,
  state: problem === null ? 'HEALTHY' : 'LOCKED',
  reason: 'so',
  missing: [],
  checks: [{ check: 'state', ok: problem === null, problem }],
});

it('the terminal names the exchange of each line where there are several, and not where there is one', () => {
  expect(statusLines([a], 2)).toMatch(/^HEALTHY \| 2\.0 ticks\/s/);
  expect(statusLines([a, b], 2)).toMatch(/^a HEALTHY \| 2\.0 ticks\/s .* \|\| b LOCKED \| equity unknown/);
  expect(openPositionsTexts([a])).toBe('the account was never read');
  expect(openPositionsTexts([a, b])).toBe('a: the account was never read\nb: the account was never read');
});

it('one exchange that is not ready makes the platform not ready, under its name', () => {
  const good = readinessOf(null);
  expect(together([['a', good]])).toBe(good);
  expect(
    together([
      ['a', good],
      ['b', readinessOf('state is LOCKED')],
    ]),
  ).toEqual({
    ready: false,
    state: 'LOCKED',
    reason: 'b: so',
    missing: [],
    checks: [{ check: 'state', ok: false, problem: 'b: state is LOCKED' }],
  });
});
