import { describe, expect, it } from 'vitest';
import { Invoker } from '#local/emulators/invoker.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

/** An invoker whose functions `order` (goes first) and `refresh` say when they begin and end; each takes the given time. */
function room(orderTakesMs: number) {
  const clock = new VirtualClock(0);
  const invoker = new Invoker(clock, new RecordingTelemetry());
  const said: string[] = [];
  const handler = (name: string, takesMs: number) => async () => {
    said.push(`${name} begins at ${clock.nowMs()}`);
    await clock.sleep(takesMs);
    said.push(`${name} ends at ${clock.nowMs()}`);
  };
  invoker.register('order', handler('order', orderTakesMs), 60_000, { first: true });
  invoker.register('refresh', handler('refresh', 1), 60_000);
  return { clock, invoker, said };
}

describe('an invocation that goes first', () => {
  it('holds up the start of others until it is done, and no others of its kind', async () => {
    const { clock, invoker, said } = room(8);
    void invoker.invoke('order', {});
    void invoker.invoke('refresh', {});
    void invoker.invoke('order', {});
    expect(invoker.inFlight).toBe(3);
    await clock.advanceBy(20);
    expect(said).toEqual([
      'order begins at 0',
      'order begins at 0',
      'order ends at 8',
      'order ends at 8',
      'refresh begins at 8',
      'refresh ends at 9',
    ]);
    expect(invoker.inFlight).toBe(0);
  });

  it('holds nobody up for long', async () => {
    const { clock, invoker, said } = room(5_000);
    void invoker.invoke('order', {});
    void invoker.invoke('refresh', {});
    await clock.advanceBy(30);
    expect(said).toEqual(['order begins at 0', 'refresh begins at 25', 'refresh ends at 26']);
  });
});
