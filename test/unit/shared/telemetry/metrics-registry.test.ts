import { describe, expect, it } from 'vitest';
import { MetricsRegistry } from '#shared/telemetry/metrics-registry.ts';

const create = () => new MetricsRegistry({ processMetrics: false });

describe('MetricsRegistry', () => {
  it('renders counters, gauges and durations as Prometheus text', async () => {
    const registry = create();
    registry.count('ticks_total', 2, { symbol: 'BTC"x' });
    registry.gauge('equity', -1.5);
    registry.timing('call_ms', 7, { call: 'meta' });

    const text = await registry.render();

    expect(text).toContain('# TYPE ticks_total counter\nticks_total{symbol="BTC\\"x"} 2');
    expect(text).toContain('# TYPE equity gauge\nequity -1.5');
    expect(text).toContain('call_ms_bucket{le="5",call="meta"} 0');
    expect(text).toContain('call_ms_bucket{le="10",call="meta"} 1');
    expect(text).toContain('call_ms_sum{call="meta"} 7');
  });

  it('gives totals by name and by label set without waiting', () => {
    const registry = create();
    registry.count('n_total', 1, { a: 'x', b: 'y' });
    registry.count('n_total', 4, { b: 'z', a: 'x' });

    expect(registry.total('n_total')).toBe(5);
    expect(registry.total('n_total', { a: 'x', b: 'z' })).toBe(4);
    expect(registry.total('never_total')).toBe(0);
    expect(registry.value('never')).toBeNull();
  });

  it('refuses and counts what does not fit, and goes on', () => {
    const registry = create();
    registry.count('n_total', 1, { a: 'x' });

    registry.count('n_total', 1, { other: 'x' });
    registry.count('n_total', -1, { a: 'x' });
    registry.gauge('n_total', 3, { a: 'x' });
    registry.count('bad name', 1);
    registry.gauge('g', 'text' as unknown as number);

    expect(registry.refusedCount).toBe(5);
    expect(registry.total('n_total')).toBe(1);
  });

  it('bounds the series of a metric', () => {
    const registry = create();
    for (let n = 0; n < 2500; n += 1) registry.count('n_total', 1, { id: String(n) });
    registry.count('n_total', 1, { id: '7' });

    expect(registry.total('n_total')).toBe(2001);
    expect(registry.refusedCount).toBe(500);
  });

  it('shows the process when asked', async () => {
    const text = await new MetricsRegistry({ processMetrics: true }).render();
    expect(text).toContain('process_resident_memory_bytes');
  });
});
