import { expect, it } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { countersAtZero } from '#local/counters-at-zero.ts';
import { createPlumbing } from '#local/platform/plumbing.ts';
import { startSchedules } from '#local/platform/schedules.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { JsonTelemetry } from '#shared/telemetry/json-telemetry.ts';
import { MetricsRegistry } from '#shared/telemetry/metrics-registry.ts';
import { Redactor } from '#shared/telemetry/redactor.ts';

it('counts failures from 0, so that increase() shows the first one', async () => {
  const clock = new VirtualClock(1_700_000_000_000);
  const registry = new MetricsRegistry({ processMetrics: false });
  const telemetry = new JsonTelemetry({
    clock,
    minLevel: 'error',
    sink: { write: () => {} },
    registry,
    redactor: new Redactor(),
  });
  const { config } = loadConfig({ stage: 'local', overrides: [] });
  const deadLetters = { store: async () => {} };
  const plumbing = createPlumbing({ clock, telemetry, deadLetters, reloadSymbols: async () => {} }, config);
  const settings = config.streams.consumers.price_consumer;
  const consumer = { batchSize: settings.batch_size, batchWindowMs: 0, maxRetries: 0, maxRecordAgeMs: 60_000 };
  plumbing.market.addConsumer({ functionName: 'price-consumer', ...consumer });
  plumbing.invoker.register('balance', () => Promise.reject(new Error('no')), 1_000);
  startSchedules(plumbing.schedules, config);
  countersAtZero(telemetry, 'hyperliquid');
  const before = await registry.render();

  await plumbing.invoker.invoke('balance', {});
  const after = await registry.render();
  plumbing.stop();

  for (const series of [
    'function_errors_total{function="balance"}',
    'function_invocations_total{function="balance"}',
    'stream_records_dead_total{stream="market",function="price-consumer"}',
    'queue_messages_dead_total{queue="orders.fifo"}',
    'schedule_slots_dropped_total{job="reconciliation"}',
    'schedule_slots_overlapped_total{job="balance"}',
    'feed_reconnects_total{exchange="hyperliquid",reason="silent"}',
    'feed_ticks_dropped_total{exchange="hyperliquid",reason="overflow"}',
    'orders_ended_total{exchange="hyperliquid",status="rejected"}',
    'log_records_dropped_total',
  ]) {
    expect(before.split('\n')).toContain(`${series} 0`);
  }
  expect(after.split('\n')).toContain('function_errors_total{function="balance"} 1');
});
