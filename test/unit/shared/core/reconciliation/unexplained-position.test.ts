import { describe, expect, it } from 'vitest';
import { agreed, codeOf, decideOne, flat, CYCLE_NOW_MS as NOW, wants } from '#test/support/cycle.ts';

const booked = { size: '2', atMs: NOW - 60_000 };

describe('planCycle: a position that our fills do not lead to', () => {
  it('is not opened again after it vanished without a fill, and the refusal has its numbers', () => {
    const decision = decideOne({ booked, sources: agreed('0') });
    expect(decision).toMatchObject({ kind: 'refusal', code: 'position-unexplained', intent: null });
    expect(decision.inputs.refusal).toMatchObject({
      bookedSize: '2',
      bookedAtMs: NOW - 60_000,
      seenSize: '0',
      pending: false,
    });
    expect(decision.inputs.rules).toContainEqual({ rule: 'books', verdict: 'refused' });
  });

  it('is not increased while the order tracker is watching it', () => {
    expect(codeOf({ mismatchPending: true })).toBe('position-unexplained');
    expect(codeOf({ mismatchPending: true, booked: { size: '0', atMs: NOW - 60_000 } })).toBe('position-unexplained');
  });

  it('is traded where fills and sources agree, or where fills say nothing', () => {
    expect(codeOf({ booked: { size: '0.000', atMs: NOW - 60_000 } })).toBe('open');
    expect(codeOf({ booked: null })).toBe('open');
    expect(codeOf({ booked: { size: '2', atMs: NOW - 1 } }), 'the sources are older than the fill').toBe('open');
  });

  it('gets out all the same', () => {
    const held = { booked: { size: '5', atMs: NOW - 60_000 }, mismatchPending: true, sources: agreed('2') };
    expect(codeOf({ ...held, ...flat })).toBe('exit');
    expect(codeOf({ ...held, runs: wants(-20) })).toBe('flip-exit');
  });
});
