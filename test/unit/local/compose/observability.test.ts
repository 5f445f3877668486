import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { MetricsRegistry } from '#shared/telemetry/metrics-registry.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { prometheusName } from '#shared/telemetry/prometheus-names.ts';
import { hostNames, PROJECT, readCompose } from '#test/support/compose-file.ts';
import { metricsIn } from '#test/support/promql-names.ts';

const FOLDER = join(PROJECT, 'local/compose');
const compose = readCompose();
const hosts = hostNames(compose);
const yaml = (path: string): unknown => parse(readFileSync(join(FOLDER, path), 'utf8'));

/** `host:port` of a service that is there and listens there. */
const PORTS: Readonly<Record<string, readonly string[]>> = {
  platform: [compose.services.platform!.environment!.DOOR_PORT!],
  prometheus: ['9090'],
  jaeger: ['4317', '16686'],
};

const prometheusSchema = z.strictObject({
  global: z.strictObject({ scrape_interval: z.string(), scrape_timeout: z.string() }),
  scrape_configs: z.array(
    z.strictObject({
      job_name: z.string(),
      metrics_path: z.string().startsWith('/').optional(),
      static_configs: z.array(z.strictObject({ targets: z.array(z.string()).min(1) })).min(1),
    }),
  ),
});

describe('prometheus.yml', () => {
  const config = prometheusSchema.parse(yaml('prometheus.yml'));

  it('scrapes services that exist, where they listen and under the name that they admit', () => {
    const admitted = compose.services.platform!.environment!.DOOR_NAMES!.split(',');
    for (const { static_configs: statics } of config.scrape_configs) {
      for (const target of statics.flatMap((s) => s.targets)) {
        const [host = '', port = ''] = target.split(':');
        if (host === 'localhost') continue;
        expect(hosts).toContain(host);
        expect(PORTS[host]).toContain(port);
        if (host === 'platform') expect(admitted).toContain(target);
      }
    }
  });

  it('is the file that Prometheus is started with, and waits for no scrape longer than its interval', () => {
    const { command, volumes } = compose.services.prometheus!;
    const mount = volumes!.find((v) => v.source === './local/compose/prometheus.yml')!;
    expect(command).toContain(`--config.file=${mount.target}`);
    const { scrape_interval: interval, scrape_timeout: timeout } = config.global;
    expect(Number.parseInt(timeout, 10)).toBeLessThan(Number.parseInt(interval, 10));
  });
});

const collectorSchema = z.strictObject({
  receivers: z.record(z.string(), z.looseObject({})),
  processors: z.record(z.string(), z.looseObject({})),
  exporters: z.record(z.string(), z.looseObject({ endpoint: z.string() })),
  service: z.strictObject({
    pipelines: z.strictObject({
      traces: z.strictObject({
        receivers: z.array(z.string()).min(1),
        processors: z.array(z.string()),
        exporters: z.array(z.string()).min(1),
      }),
    }),
  }),
});

describe('otel-collector.yml', () => {
  const config = collectorSchema.parse(yaml('otel-collector.yml'));

  it('uses in its pipeline exactly the parts that it defines, the memory limit first', () => {
    const { traces } = config.service.pipelines;
    for (const part of ['receivers', 'processors', 'exporters'] as const) {
      expect([...traces[part]].sort()).toEqual(Object.keys(config[part]).sort());
    }
    expect(traces.processors[0]).toBe('memory_limiter');
  });

  it('takes segments where the platform would send them, and sends to a service that listens', () => {
    const text = readFileSync(join(PROJECT, 'docker-compose.local.yml'), 'utf8');
    const receiver = config.receivers.awsxray as { endpoint: string; transport: string };
    expect(receiver).toMatchObject({ endpoint: '0.0.0.0:2000', transport: 'udp' });
    expect(text).toContain('`otel-collector:2000`');
    for (const { endpoint } of Object.values(config.exporters)) {
      const [host = '', port = ''] = endpoint.split(':');
      expect(PORTS[host]).toContain(port);
    }
  });
});

const sourcesSchema = z.strictObject({
  apiVersion: z.literal(1),
  datasources: z.array(
    z.strictObject({
      name: z.string(),
      uid: z.string(),
      type: z.enum(['prometheus', 'jaeger']),
      access: z.literal('proxy'),
      url: z.url(),
      isDefault: z.boolean().optional(),
      jsonData: z.looseObject({}).optional(),
    }),
  ),
});
const sources = sourcesSchema.parse(yaml('grafana/provisioning/datasources/datasources.yml')).datasources;

const targetSchema = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  expr: z.string().min(1),
  legendFormat: z.string().optional(),
  instant: z.boolean().optional(),
  format: z.enum(['heatmap', 'table', 'time_series']).optional(),
});
const sourceRef = z.strictObject({ type: z.string(), uid: z.string() });
const panelSchema = z.strictObject({
  type: z.enum(['bargauge', 'gauge', 'heatmap', 'piechart', 'stat', 'timeseries']),
  id: z.int().positive(),
  title: z.string().min(1),
  description: z.string().optional(),
  datasource: sourceRef,
  gridPos: z.strictObject({ x: z.int(), y: z.int(), w: z.int().min(1), h: z.int().min(1) }),
  targets: z.array(targetSchema).min(1),
  fieldConfig: z.strictObject({ defaults: z.looseObject({}), overrides: z.array(z.never()) }),
  options: z.looseObject({}).optional(),
});
const dashboardSchema = z.looseObject({
  uid: z.string().regex(/^threet-[a-z]+$/),
  title: z.string().min(1),
  schemaVersion: z.int().min(36),
  templating: z.strictObject({
    list: z.array(z.looseObject({ name: z.string(), datasource: sourceRef, definition: z.string() })),
  }),
  panels: z.array(panelSchema).min(1),
});
const DASHBOARDS = join(FOLDER, 'grafana/dashboards');
const dashboards = readdirSync(DASHBOARDS).map(
  (file) => [file, dashboardSchema.parse(JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')))] as const,
);

/** Every name that `/metrics` or the runner's own metrics can have; histograms have three. */
async function knownMetrics(): Promise<ReadonlySet<string>> {
  const pages = readFileSync(join(PROJECT, 'functions/api/metrics-text.ts'), 'utf8');
  const fromRows = [...pages.matchAll(/(?:\b(?:one|set)\(|name:)\s*'([a-z_]+)'/g)].map((match) => match[1]!);
  const ofProcess = await new MetricsRegistry({ processMetrics: true }).render();
  const defaults = [...ofProcess.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!);
  const own = [...fromRows, ...Object.values<string>(metrics), ...Object.values<string>(exchangeMetrics)];
  // Not the old names: they go with the next release.
  const names = [...own.map((name) => prometheusName(name)?.name ?? name), ...defaults];
  return new Set(names.flatMap((name) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]));
}

describe('Grafana', () => {
  it('has sources that exist, one of them the default', () => {
    expect(sources.filter((s) => s.isDefault)).toHaveLength(1);
    for (const { url } of sources) {
      const { hostname, port } = new URL(url);
      expect(PORTS[hostname]).toContain(port);
    }
  });

  it('reads the dashboards from where they are mounted', () => {
    const { providers } = yaml('grafana/provisioning/dashboards/dashboards.yml') as {
      providers: { options: { path: string } }[];
    };
    const { volumes, environment } = compose.services.grafana!;
    const mount = volumes!.find((v) => v.source === './local/compose/grafana/dashboards')!;
    expect(providers.map((p) => p.options.path)).toEqual([mount.target]);
    const home = environment!.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!;
    expect(dashboards.map(([file]) => `${mount.target}/${file}`)).toContain(home);
  });

  it('has no uid twice', () => {
    const uids = dashboards.map(([, d]) => d.uid);
    expect(new Set(uids).size).toBe(uids.length);
  });

  it('recognises the names of metrics in a query', () => {
    expect(metricsIn('histogram_quantile(0.5, sum by (function, le) (rate(f_ms_bucket[5m])))')).toEqual([
      'f_ms_bucket',
    ]);
    expect(metricsIn('1 - a_total{job=~"$x"} / sum by (s) (b)')).toEqual(['a_total', 'b']);
  });

  it.each(dashboards)('asks in %s only for metrics that exist, from a source that exists', async (_file, dashboard) => {
    const known = await knownMetrics();
    const queries = dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr));
    const asked = queries.flatMap(metricsIn);
    expect(asked.length).toBeGreaterThanOrEqual(queries.length);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    const variables = dashboard.templating.list.map((v) => v.name);
    const used = queries.flatMap((query) => [...query.matchAll(/\$(\w+)/g)].map((match) => match[1]!));
    expect(used.filter((name) => !variables.includes(name))).toEqual([]);
    const refs = [...dashboard.panels, ...dashboard.templating.list].map(({ datasource: { type, uid } }) => ({
      type,
      uid,
    }));
    for (const ref of refs) expect(sources.map(({ type, uid }) => ({ type, uid }))).toContainEqual(ref);
  });

  it('asks for both what a stream and what a queue gave up', () => {
    const [, system] = dashboards.find(([file]) => file === 'system.json')!;
    const panel = system.panels.find(({ title }) => title === 'Records and messages given up')!;
    expect(panel.targets.flatMap(({ expr }) => metricsIn(expr))).toEqual(
      [metrics.streamDead, metrics.queueDead].map((name) => prometheusName(name)!.name),
    );
  });

  it.each(dashboards)('lays the panels of %s out beside each other', (_file, { panels }) => {
    expect(new Set(panels.map((p) => p.id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});
