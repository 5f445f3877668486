import { describe, expect, it } from 'vitest';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { installVirtualGlobals } from '#local/virtual-time/virtual-globals.ts';

describe('VirtualClock', () => {
  it('fires timers by time, then by creation, and lets each come to rest before the next', async () => {
    const clock = new VirtualClock(1_000);
    const seen: string[] = [];
    const job = (name: string) => async () => {
      seen.push(`${name}:start@${clock.nowMs()}`);
      await Promise.resolve();
      await Promise.resolve();
      seen.push(`${name}:end`);
    };
    clock.setTimer(20, job('c'));
    clock.setTimer(10, job('a'));
    clock.setTimer(10, job('b'));
    await clock.advanceTo(1_020);
    expect(seen).toEqual(['a:start@1010', 'a:end', 'b:start@1010', 'b:end', 'c:start@1020', 'c:end']);
  });

  it('fires timers that a timer sets for the same instant, and skips cancelled ones', async () => {
    const clock = new VirtualClock(0);
    const seen: number[] = [];
    clock.setTimer(5, () => clock.setTimer(0, () => seen.push(clock.nowMs())));
    clock.setTimer(3, () => seen.push(-1)).cancel();
    await clock.advanceBy(5);
    expect(seen).toEqual([5]);
    expect(clock.nextTimerAtMs()).toBeNull();
  });

  it('rejects a sleep with the reason of its signal', async () => {
    const clock = new VirtualClock(0);
    const abort = new AbortController();
    const sleeping = clock.sleep(100, abort.signal);
    abort.abort(new Error('stop'));
    await expect(sleeping).rejects.toThrow('stop');
  });
});

describe('a loop without a delay', () => {
  it('is reported instead of holding time for ever', async () => {
    const clock = new VirtualClock(7_000, async () => {});
    const again = (): void => void clock.setTimer(0, again);
    again();
    await expect(clock.advanceBy(1)).rejects.toThrow('time stands still at 7000');
  });
});

describe('installVirtualGlobals', () => {
  it('makes setTimeout, setInterval and Date follow the clock until restored', async () => {
    const clock = new VirtualClock(5_000_000);
    const restore = installVirtualGlobals(clock);
    try {
      const seen: number[] = [];
      setTimeout(() => seen.push(Date.now()), 1_000);
      const every = setInterval(() => {
        const now = new Date();
        seen.push(now.valueOf());
      }, 400);
      await clock.advanceBy(1_000);
      clearInterval(every);
      await clock.advanceBy(1_000);
      expect(seen).toEqual([5_000_400, 5_000_800, 5_001_000]);
      expect(new Date('2026-01-01T00:00:00Z').getTime()).toBe(1_767_225_600_000);
    } finally {
      restore();
    }
    expect(Math.abs(Date.now() - performance.timeOrigin - performance.now())).toBeLessThan(60_000);
  });
});
