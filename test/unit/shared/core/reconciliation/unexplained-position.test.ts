import { describe, expect, it } from 'vitest';
import { agreed, aReading, codeOf, decideOne, flat, CYCLE_NOW_MS as NOW, wants } from '#test/support/cycle.ts';

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

describe('planCycle: a partial reduction on the word of one source', () => {
  // Simulation seed 41014: an observer showed the position before our last exit, dated after it.
  const alone = (size: string) => [
    aReading('own-table', '9', { venueTimeMs: NOW - 700_000 }),
    aReading('observer:observer-1', size),
  ];
  // Runs want 4.05.
  it('cuts no more than our own fills leave to cut', () => {
    expect(codeOf({ sources: alone('6'), booked: { size: '4.05', atMs: NOW - 60_000 } })).toBe('no-quorum');
    const partly = decideOne({ sources: alone('6'), booked: { size: '5', atMs: NOW - 60_000 } });
    expect(partly).toMatchObject({ code: 'reduce', intent: { side: 'sell', size: '0.95' } });
  });

  it('takes the smaller one where the source tells less', () => {
    const booked = { size: '9', atMs: NOW - 60_000 };
    expect(decideOne({ sources: alone('6'), booked })).toMatchObject({ intent: { side: 'sell', size: '1.95' } });
  });

  it('rests on the source where fills say nothing, or another side', () => {
    for (const booked of [null, { size: '0', atMs: NOW - 60_000 }, { size: '-2', atMs: NOW - 60_000 }])
      expect(decideOne({ sources: alone('6'), booked })).toMatchObject({ intent: { size: '1.95' } });
  });

  it('never holds a whole exit back', () => {
    const booked = { size: '4.05', atMs: NOW - 60_000 };
    expect(decideOne({ sources: alone('6'), booked, ...flat })).toMatchObject({ intent: { size: '6' } });
  });

  it('goes by the sources once they agree', () => {
    const booked = { size: '4.05', atMs: NOW - 60_000 };
    expect(decideOne({ sources: agreed('6'), booked })).toMatchObject({ intent: { size: '1.95' } });
  });
});
