import type { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { synthesize } from '#test/support/synthesized.ts';

/** Hashes of code and images change with every edit of a source, and panels are looked at, not compared: both are masked. */
const masked = (text: string): string =>
  text
    .replace(/"S3Key":"[^"]*"/g, '"S3Key":"(code)"')
    .replace(/:[0-9a-f]{64}"/g, ':(image)"')
    .replace(/"DashboardBody":.*$/, '"DashboardBody":"(panels)"');

/** One line for each resource and output, sorted: a difference names what changed. */
const linesOf = (name: string, template: Template): string[] => {
  const { Resources, Outputs } = template.toJSON() as Record<
    string,
    Record<string, { Type?: string; Metadata?: unknown }>
  >;
  return Object.entries({ ...Resources, ...Outputs })
    .map(([id, { Metadata: _, ...rest }]) => `${name} ${id} ${masked(JSON.stringify(rest))}`)
    .sort();
};

it('the templates of stage dev are what they were: read the difference, then `npm run test:infra -- -u`', async () => {
  const { state, services } = synthesize({ overrides: [] });
  const lines = [...linesOf('state', state), ...linesOf('services', services)];
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('dev.snapshot.txt');
});
