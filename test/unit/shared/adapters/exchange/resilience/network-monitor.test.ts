import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorClass } from '#shared/adapters/exchange/resilience/exchange-failure.ts';
import { NetworkMonitor } from '#shared/adapters/exchange/resilience/network-monitor.ts';
import { MINUTE_MS } from '#shared/core/time.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';

const START_MS = 1_000_000;

describe('NetworkMonitor', () => {
  let clock: ReturnType<typeof manualClock>;
  let alerts: ReturnType<typeof storedAlerts>;
  let telemetry: RecordingTelemetry;
  let monitor: NetworkMonitor;
  beforeEach(() => {
    clock = manualClock(START_MS);
    alerts = storedAlerts(clock);
    telemetry = new RecordingTelemetry();
    monitor = new NetworkMonitor({ exchange: 'hyperliquid', clock, alerts, telemetry });
  });

  const fail = async (errorClass: ErrorClass, times: number) => {
    for (let n = 0; n < times; n += 1) await monitor.record(errorClass, 'l2Book', 'no answer');
  };

  it.each([
    ['timeout', 3],
    ['connection-refused', 5],
    ['network', 2],
    ['dns', 2],
    ['ssl', 1],
    ['rate-limit', 5],
    ['unknown', 5],
  ] as const)('raises an alert at %s number %i, not before', async (errorClass, threshold) => {
    await fail(errorClass, threshold - 1);
    expect(await alerts.raised()).toEqual([]);

    await fail(errorClass, 1);

    expect(await alerts.raised()).toMatchObject([
      {
        kind: `exchange-network-${errorClass}`,
        severity: errorClass === 'ssl' || errorClass === 'dns' ? 'critical' : 'warning',
        exchange: 'hyperliquid',
        detail: { errorClass, count: threshold, call: 'l2Book', lastError: 'no answer' },
      },
    ]);
  });

  it('does not count an error that is five minutes old, nor one of another class', async () => {
    await fail('timeout', 2);
    clock.set(START_MS + 5 * MINUTE_MS);
    await fail('timeout', 2);
    await fail('network', 1);

    expect(await alerts.raised()).toEqual([]);
  });

  it('raises one alert of a class in five minutes, and the next one after them', async () => {
    await fail('timeout', 20);
    await fail('ssl', 1);
    clock.set(START_MS + 5 * MINUTE_MS - 1);
    await fail('timeout', 3);
    expect((await alerts.raised()).map((alert) => alert.kind)).toEqual([
      'exchange-network-timeout',
      'exchange-network-ssl',
    ]);

    clock.set(START_MS + 5 * MINUTE_MS);
    await fail('timeout', 1);

    expect(await alerts.raised()).toHaveLength(3);
  });

  it('remembers a bounded number of errors', async () => {
    await fail('unknown', 4);
    clock.set(START_MS + 5 * MINUTE_MS);
    await fail('unknown', 1_000);

    clock.set(START_MS + 10 * MINUTE_MS - 1);
    await fail('unknown', 1);

    expect((await alerts.raised()).at(-1)?.detail).toMatchObject({ count: 5 });
  });

  it('goes on when an alert cannot be stored', async () => {
    const full = { raise: () => Promise.reject(new Error('the disk is full')) };
    monitor = new NetworkMonitor({ exchange: 'hyperliquid', clock, alerts: full, telemetry });

    await expect(fail('ssl', 1)).resolves.toBeUndefined();

    expect(telemetry.logs).toMatchObject([{ level: 'error', fields: { kind: 'network-ssl' } }]);
  });
});
