import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { awsMetrics } from '#shared/telemetry/aws-names.ts';
import { cloudwatchMetrics } from '#shared/telemetry/cloudwatch-metrics.ts';
import { exchangeEvents, exchangeMetrics } from '#shared/telemetry/exchange-names.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';

const PROJECT = join(import.meta.dirname, '../../../..');
/** Everything that runs; infra only reads what is emitted. */
const sources = globSync('{functions,containers,shared,local}/**/*.ts', { cwd: PROJECT }).map((path) => ({
  path,
  text: readFileSync(join(PROJECT, path), 'utf8'),
}));

/** `names.key` as the first argument of what emits a metric, by file. */
const emitted = sources.flatMap(({ path, text }) =>
  [...text.matchAll(/(?:\.(?:count|gauge|timing|add)|\btell)\(\s*(\w+)\.(\w+)/g)].map(([, object, key]) => ({
    path,
    object,
    key,
  })),
);
const logged = sources.flatMap(({ text }) =>
  [...text.matchAll(/\b(logEvents|exchangeEvents)\.(\w+)/g)].map(([, object, key]) => `${object}.${key}`),
);

describe('every metric', () => {
  it.each([
    ['metrics', metrics],
    ['exchangeMetrics', exchangeMetrics],
    ['awsMetrics', awsMetrics],
  ] as const)('of %s is emitted by what runs', (object, names) => {
    const keys = new Set(
      emitted
        .filter((one) => one.object === object || (object === 'metrics' && one.object === 'names'))
        .map((one) => one.key),
    );
    expect(Object.keys(names).filter((key) => !keys.has(key))).toEqual([]);
  });

  it('is emitted by its name in these files, never by a text', () => {
    const texts = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/\b(?:telemetry|deps|parts)\??\.(?:count|gauge|timing)\(\s*['"`]([^'"`]+)/g)].map(
        ([, name]) => `${path}: ${name}`,
      ),
    );
    expect(texts).toEqual([]);
  });

  it('has a name of its own', () => {
    const all = [metrics, exchangeMetrics, awsMetrics].flatMap((names) => Object.values<string>(names));
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
    for (const name of all) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
  });

  it('that is exported to CloudWatch exists', () => {
    const all = [metrics, exchangeMetrics, awsMetrics].flatMap((names) => Object.values<string>(names));
    expect(Object.keys(cloudwatchMetrics).filter((name) => !all.includes(name))).toEqual([]);
  });
});

describe('every log event', () => {
  it.each([
    ['logEvents', logEvents],
    ['exchangeEvents', exchangeEvents],
  ] as const)('of %s is written by what runs', (object, names) => {
    expect(Object.keys(names).filter((key) => !logged.includes(`${object}.${key}`))).toEqual([]);
  });
});
