import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Validations } from 'aws-cdk-lib';
import { afterAll, describe, expect, it } from 'vitest';
import { withNag } from '#test/support/synthesized.ts';

const ACKNOWLEDGEMENTS_MAX = 15;

interface Acknowledged {
  readonly resource: string;
  readonly id: string;
}

function acknowledged(app: App): Acknowledged[] {
  return app.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter((entry) => entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap((entry) =>
        Object.keys(entry.data as Record<string, string>)
          // aws-cdk-lib acknowledges some of its own rules.
          .filter((id) => id.includes('AwsSolutions'))
          .map((id) => ({ resource: construct.node.path, id })),
      ),
  );
}

describe('cdk-nag, AwsSolutions', () => {
  const { app, remove } = withNag();
  afterAll(remove);
  const found = acknowledged(app);

  it('has no finding that nobody acknowledged', () => {
    expect(() => app.synth()).not.toThrow();
  });

  it(`is acknowledged at most ${ACKNOWLEDGEMENTS_MAX} times, each time for one resource`, () => {
    expect(found.length).toBeGreaterThan(5);
    expect(found.length).toBeLessThanOrEqual(ACKNOWLEDGEMENTS_MAX);
    expect(found.filter(({ resource }) => resource.split('/').length < 2)).toEqual([]);
    expect(new Set(found.map(({ resource, id }) => `${resource} ${id}`)).size).toBe(found.length);
  });

  it('is never acknowledged for a wildcard in an action', () => {
    expect(found.filter(({ id }) => /IAM5(?!\[Resource::)/.test(id))).toEqual([]);
  });

  it('is really asked: an open bucket is found', () => {
    const opened = withNag({ open: true });
    expect(() => opened.app.synth()).toThrow(/S3|S10|SSL/);
    opened.remove();
  });

  it('runs in the app that deploys, too', () => {
    const text = readFileSync(join(import.meta.dirname, '../../infra/app.ts'), 'utf8');
    expect(text).toContain('addPlugins(new AwsSolutionsChecks(app))');
  });

  it('stands beside the rules of CDK itself, whose findings are errors', () => {
    expect(app._builtinCloudFormationValidation).toBe(true);
    expect(app.node.tryGetContext('@aws-cdk/core:validateAgainstDefaultRules')).toBe(true);
  });
});
