import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { savedQueries } from '#infra/constructs/saved-queries.ts';
import { cloudwatchMetrics, loggedFigures } from '#shared/telemetry/cloudwatch-metrics.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { ResolvedTemplate } from '#test/support/resolved-template.ts';
import { synthesize } from '#test/support/synthesized.ts';

const templates = synthesize();
const services = new ResolvedTemplate(templates.services, [new ResolvedTemplate(templates.state)]);
const alarms = [...services.ofType('AWS::CloudWatch::Alarm').values()].map(({ Properties }) => Properties);
const functions = [...services.ofType('AWS::Lambda::Function').values()].map(({ Properties }) =>
  String(Properties.FunctionName),
);

const runbook = readFileSync(join(import.meta.dirname, '../../docs/RUNBOOK.md'), 'utf8');
/** As GitHub makes them. */
const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
  title!
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-'),
);

describe('every alarm', () => {
  it('names a section of the runbook that exists', () => {
    for (const alarm of alarms) {
      const anchor = /docs\/RUNBOOK\.md#(\S+)$/.exec(String(alarm.AlarmDescription))?.[1];
      expect([alarm.AlarmName, anchors.includes(anchor ?? '')]).toEqual([alarm.AlarmName, true]);
    }
  });

  it('tells somebody when it begins and when it ends, apart from dead letters, which stay', () => {
    for (const alarm of alarms) {
      expect([alarm.AlarmName, (alarm.AlarmActions as unknown[]).length]).toEqual([alarm.AlarmName, 1]);
      if (!String(alarm.AlarmName).includes('dead-letters')) expect(alarm.OKActions).toHaveLength(1);
    }
  });

  it('belongs to a behaviour, and every behaviour that nobody invokes by hand has two', () => {
    const named = alarms.map((alarm) => String(alarm.AlarmName).replace(/-(failing|not-running)$/, ''));
    const expected = [...functions.filter((name) => name !== '3t-dev-migrate'), '3t-dev-price-producer'].flatMap(
      (name) => [name, name],
    );
    expect(named.sort()).toEqual([...expected, '3t-dev-dead-letters-fifo', '3t-dev-dead-letters-standard'].sort());
  });

  it('looks back at most a day, in whole minutes, as CloudWatch allows', () => {
    for (const { Period, EvaluationPeriods } of alarms) {
      if (Period === undefined) continue;
      expect(Number(Period) % 60).toBe(0);
      expect(Number(Period) * Number(EvaluationPeriods)).toBeLessThanOrEqual(86_400);
    }
  });

  it('for silence takes silence for a breach, and for errors does not', () => {
    const silent = alarms.filter((alarm) => alarm.MetricName === 'Invocations');
    expect(silent.length).toBeGreaterThan(8);
    expect(new Set(silent.map((alarm) => alarm.TreatMissingData))).toEqual(new Set(['breaching']));
    const failing = alarms.filter((alarm) => String(alarm.AlarmName).endsWith('-failing'));
    expect(new Set(failing.map((alarm) => alarm.TreatMissingData))).toEqual(new Set(['notBreaching']));
  });
});

describe('dashboards and saved queries', () => {
  const bodies = [...services.ofType('AWS::CloudWatch::Dashboard').values()].map(({ Properties }) =>
    String(Properties.DashboardBody),
  );

  it('have a row for every function', () => {
    const tasks = bodies.find((body) => body.includes('Last run'))!;
    for (const name of functions) expect(tasks).toContain(`${name.replace('3t-dev-', '')} (`);
    expect(() => JSON.parse(tasks)).not.toThrow();
  });

  it('show what waits in every queue and how far each consumer of a stream is behind', () => {
    const tasks = bodies.find((body) => body.includes('Messages waiting'))!;
    const { widgets } = JSON.parse(tasks) as { widgets: { properties: { title: string; metrics?: unknown[] } }[] };
    const linesOf = (title: string) =>
      widgets.find(({ properties }) => properties.title === title)?.properties.metrics?.map((line) => String(line));
    const queues = [...services.ofType('AWS::SQS::Queue').keys()].filter((id) => !id.startsWith('WorkDead'));
    for (const id of queues) expect(linesOf('Messages waiting')?.join('\n')).toContain(id);
    const followed = ['price-consumer', 'run-strategies', 'balance-consumer'];
    const behind = linesOf('Behind the stream (ms)');
    expect(behind).toHaveLength(followed.length);
    for (const name of followed) expect(behind!.join('\n')).toContain(name.replace('-', ''));
    expect(behind!.every((line) => line.includes('IteratorAge'))).toBe(true);
  });

  it('ask only for metrics that exist and are exported', () => {
    const asked = bodies.flatMap((body) =>
      [...body.matchAll(/MetricName=\\*"([a-z_]+)\\*"/g)].map((match) => match[1]!),
    );
    expect(asked.length).toBeGreaterThan(12);
    const known: readonly string[] = Object.values(metrics);
    expect(asked.filter((name) => !known.includes(name) || !(name in cloudwatchMetrics))).toEqual([]);
  });

  it('draw every figure that is written into a log line, from the logs of who writes it', () => {
    const trading = bodies.find((body) => body.includes('Live runs by direction'))!;
    const { widgets } = JSON.parse(trading) as { widgets: { properties: { query?: string } }[] };
    const queries = widgets
      .flatMap(({ properties }) => properties.query ?? [])
      .filter((query) => query.includes(logEvents.figures));
    expect(queries).toHaveLength(7);
    const drawn = queries.flatMap((query) =>
      [...query.matchAll(/(?:max|latest)\(([a-z_]+)\)/g)].map((match) => match[1]!),
    );
    expect([...drawn].sort()).toEqual([...loggedFigures].sort());
    const writers = { runsupervisor: /providence_/, balanceLog: /account_|positions_/, balanceconsumer: /account_pct/ };
    for (const query of queries) {
      const [, group] = /SOURCE '(\w+)'/.exec(query) ?? [];
      const writer = Object.entries(writers).find(([name]) => group?.startsWith(name));
      expect([query, writer?.[1].test(query)]).toEqual([query, true]);
    }
  });

  it('ask for the namespace of the stage', () => {
    expect(
      new Set(bodies.flatMap((body) => [...body.matchAll(/Namespace=\\*"([^"\\]+)/g)].map((match) => match[1]))),
    ).toEqual(new Set(['3T/dev']));
  });

  it('ask only for log events that exist', () => {
    const events = Object.values(savedQueries).flatMap((lines) => lines.join('\n').match(/"[a-z-]+\.[a-z-]+"/g) ?? []);
    expect(events.length).toBeGreaterThan(5);
    const known: readonly string[] = [...Object.values(logEvents), 'platform.report'];
    expect(events.filter((event) => !known.includes(event.replaceAll('"', '')))).toEqual([]);
  });

  it('stay below the 50 log groups that one query may name', () => {
    for (const { Properties } of services.ofType('AWS::Logs::QueryDefinition').values()) {
      expect((Properties.LogGroupNames as unknown[]).length).toBeLessThanOrEqual(50);
    }
  });
});
