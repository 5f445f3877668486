import { expect, it } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { countersAtZero } from '#local/counters-at-zero.ts';
import { createPlumbing } from '#local/platform/plumbing.ts';
import { startSchedules } from '#local/platform/schedules.ts';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import { createHyperliquid } from '#shared/adapters/exchange/hyperliquid/create-hyperliquid.ts';
import { SqlBreakerRepository } from '#shared/adapters/sql/repositories/sql-breaker-repository.ts';
import { JsonTelemetry } from '#shared/telemetry/json-telemetry.ts';
import { MetricsRegistry } from '#shared/telemetry/metrics-registry.ts';
import { Redactor } from '#shared/telemetry/redactor.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';

function open() {
  const clock = new VirtualClock(1_700_000_000_000);
  const registry = new MetricsRegistry({ processMetrics: false });
  const sink = { write: () => {} };
  const telemetry = new JsonTelemetry({ clock, minLevel: 'error', sink, registry, redactor: new Redactor() });
  return { clock, registry, telemetry };
}

it('counts failures from 0, so that increase() shows the first one', async () => {
  const { clock, registry, telemetry } = open();
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
    'decisions_total{exchange="hyperliquid",kind="refusal",code="no-quorum"}',
    'decisions_total{exchange="hyperliquid",kind="busy",code="busy"}',
    'refusals_total{exchange="hyperliquid",code="price-stale"}',
    'refusals_total{exchange="hyperliquid",code="symbol-on-hold"}',
    'refusals_total{exchange="hyperliquid",code="venue:insufficient-margin"}',
    'refusals_total{exchange="hyperliquid",code="hand:idempotency-conflict"}',
    'inputs_dropped_total{what="job",code="malformed"}',
    'inputs_dropped_total{what="fills",code="odd-row"}',
    'inputs_dropped_total{what="equity",code="money-contradicts"}',
    'exchange_orders_total{exchange="hyperliquid",outcome="rejected",code="venue-closed"}',
    'exchange_orders_total{exchange="hyperliquid",outcome="unknown",code="timeout"}',
    'exchange_cancels_total{exchange="hyperliquid",outcome="unknown"}',
  ]) {
    expect(before.split('\n')).toContain(`${series} 0`);
  }
  expect(after.split('\n')).toContain('function_errors_total{function="balance"} 1');
});

it('counts what calls to the venue meet from 0, before the first call', async () => {
  const { clock, registry, telemetry } = open();
  const breakers = new SqlBreakerRepository(memoryDatabase());
  const alerts = { raise: async () => {} };
  const fetch = () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ENOTFOUND' } }));
  const proxies = { urlPrefixes: [], origin: null };
  const venue = createHyperliquid({
    exchange: 'hyperliquid',
    ...{ clock, telemetry, breakers, alerts, fetch, proxies },
    ...{ httpUrl: 'http://venue.invalid', accounts: [], dexes: [], secrets: null, instruments: null },
    ...{ signingSource: 'a', resilience: { retryWaitsMs: [] } },
  });
  const series = 'exchange_errors_total{exchange="hyperliquid",call="exchangeStatus",class="dns"}';
  const before = await registry.render();
  await expect(venue.venueClock.venueTimeMs()).rejects.toThrow();
  const after = await registry.render();
  await venue.close();

  expect(before.split('\n')).toContain(`${series} 0`);
  expect(before).toContain('exchange_errors_total{exchange="hyperliquid",call="order",class="timeout"} 0');
  expect(before).toContain('exchange_rate_refusals_total{exchange="hyperliquid",class="reduce"} 0');
  expect(before).toContain('exchange_malformed_total{exchange="hyperliquid",what="clearinghouseState"} 0');
  expect(after.split('\n')).toContain(`${series} 1`);
});
