import { describe, expect, it } from 'vitest';
import { Invoker } from '#local/emulators/invoker.ts';
import { QueueEmulator } from '#local/emulators/queue-emulator.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

describe('QueueEmulator', () => {
  it('does not hide a message for an hour that a clock an hour ahead has delayed', async () => {
    const time = new VirtualClock(Date.parse('2026-01-01T00:00:10Z'));
    const machine = { leadMs: 3_600_000 };
    const clock: Clock = {
      nowMs: () => time.nowMs() + machine.leadMs,
      setTimer: (delayMs, fn) => time.setTimer(delayMs, fn),
      sleep: (delayMs, signal) => time.sleep(delayMs, signal),
    };
    const telemetry = new RecordingTelemetry();
    const invoker = new Invoker(clock, telemetry);
    const deadLetters = { store: async () => {} };
    const received: unknown[] = [];
    invoker.register('f', async (event) => void received.push(event), 5_000);
    const queue = new QueueEmulator(
      'jobs',
      { clock, telemetry, invoker, deadLetters },
      {
        functionName: 'f',
        fifo: false,
        batchSize: 1,
        maxConcurrency: 1,
        visibilityMs: 30_000,
        maxReceiveCount: 3,
        capacityMessages: 10,
      },
    );
    await queue.send([{ body: 'a', delaySeconds: 2 }]);
    machine.leadMs = 0;
    await time.advanceBy(3_000);
    expect(received).toHaveLength(1);
  });
});
