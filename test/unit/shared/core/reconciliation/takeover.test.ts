import { describe, expect, it } from 'vitest';
import {
  agreed,
  aReading,
  aSystemState,
  codeOf,
  decideOne,
  CYCLE_NOW_MS as NOW,
  wants,
  workingOrder,
} from '#test/support/cycle.ts';

/** Added a minute ago; no pass of the supervisor has begun since, so that there are no runs. */
const added = { managedSinceMs: NOW - 60_000, takeover: 'unchecked', runs: null } as const;

describe('a symbol that was just added', () => {
  it("is not traded while it holds somebody's position, whatever is wanted and whatever stops", () => {
    const held = { ...added, sources: agreed('0.5') };
    const flatten = aSystemState({ state: 'LOCKED', lockMode: 'flatten' });

    expect(decideOne(held)).toMatchObject({ kind: 'refusal', code: 'on-hold', intent: null, actualSize: '0.5' });
    expect(decideOne(held).message).toMatch(/0\.5.*--adopt.*--close.*release/);
    expect(codeOf({ ...held, runs: wants(20) }, { latched: 'drawdown' })).toBe('on-hold');
    expect(codeOf(held, { systemState: flatten })).toBe('on-hold');
    const onHold = { ...held, takeover: null, holdReason: 'position-not-ours' };
    expect(codeOf(onHold, { latched: 'take-profit' })).toBe('on-hold');
    expect(codeOf({ ...onHold, sources: agreed('0') })).toBe('on-hold');
  });

  it('is not traded before sources have read the account after it was added', () => {
    const before = (size: string) =>
      ['own-table', 'observer:observer-1'].map((source) => aReading(source, size, { venueTimeMs: NOW - 61_000 }));
    for (const size of ['0', '0.5']) {
      const decision = decideOne({ ...added, sources: before(size) });
      expect(decision).toMatchObject({ kind: 'refusal', code: 'position-unchecked', intent: null });
      expect(decision.wantsFreshSources).toBe(true);
    }
    const halfKnown = [...agreed('0').slice(0, 1), aReading('observer:observer-1', '0', { complete: false })];
    expect(codeOf({ ...added, sources: halfKnown })).toBe('position-unchecked');
    expect(codeOf({ ...added, sources: [...agreed('0').slice(1), aReading('own-table', '0.5')] })).toBe('dissent');
  });

  it('is traded like any other once they find it flat', () => {
    expect(decideOne(added, { supervisorOkAtMs: NOW - 100_000 })).toMatchObject({ code: 'no-runs-yet' });
    expect(decideOne({ ...added, runs: wants(20) })).toMatchObject({ kind: 'order', code: 'open' });
  });

  it('waits for an order of an earlier life', () => {
    expect(codeOf({ ...added, orders: [workingOrder({ status: 'unknown' })], sources: agreed('0.5') })).toBe(
      'order-in-flight',
    );
  });

  it('keeps what was adopted until the supervisor has given it runs or has said that it gets none', () => {
    const adopted = { managedSinceMs: NOW - 60_000, takeover: null, runs: null, sources: agreed('0.5') };
    // Cut off, or begun before: it has spoken of older symbols only.
    const earlier = { supervisorOkAtMs: NOW - 1_000, runsToldUpToMs: NOW - 60_001 };
    const later = { supervisorOkAtMs: NOW - 1_000, runsToldUpToMs: NOW - 60_000 };

    expect(decideOne(adopted, earlier)).toMatchObject({ kind: 'refusal', code: 'no-runs-yet', desiredSize: null });
    expect(decideOne(adopted, later)).toMatchObject({ kind: 'order', code: 'exit' });
    // A supervisor that never comes is an outage, and not a wish either.
    const long = { ...adopted, managedSinceMs: NOW - 3_600_000 };
    const silent = { supervisorOkAtMs: NOW - 3_600_000, runsToldUpToMs: NOW - 3_600_001 };
    expect(codeOf(long, silent)).toBe('strategy-stale');
    expect(codeOf(adopted, { supervisorOkAtMs: null, runsToldUpToMs: null })).toBe('no-runs-yet');
    // One that speaks, but has been cut off pass after pass, is no outage: whoever waits, waits.
    expect(codeOf(long, { ...silent, supervisorOkAtMs: NOW - 1_000 })).toBe('no-runs-yet');
  });

  it('is closed when that was asked for, by a source that has seen it since, and is not opened until it is flat', () => {
    const closing = { managedSinceMs: NOW - 60_000, takeover: 'closing' } as const;

    expect(decideOne({ ...closing, sources: agreed('0.5') })).toMatchObject({ kind: 'order', code: 'exit' });
    expect(decideOne({ ...closing, sources: agreed('0') })).toMatchObject({ kind: 'in-sync', desiredSize: '0' });
    const before = agreed('0.5').map((reading) => ({ ...reading, venueTimeMs: NOW - 61_000 }));
    expect(codeOf({ ...closing, sources: before })).toBe('awaiting-fill-visibility');
  });
});
