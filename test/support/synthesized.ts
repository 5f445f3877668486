import { readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks } from 'cdk-nag';
import { addStacks } from '#infra/add-stacks.ts';
import { loadStage } from '#infra/load-stage.ts';

const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};

/** Built once with placeholders instead of bundles: what is asserted are resources, not code. */
function build(stage: string, overrides: readonly string[], entriesOpen: boolean, nag: boolean) {
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
  const stacks = addStacks(app, {
    config: loadStage(stage, overrides),
    codeOf: () => lambda.Code.fromInline('exports.handler = async () => {};'),
    producerImage: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/node:24-slim'),
    entriesOpen,
  });
  if (nag) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, ...stacks };
}

export interface SynthOptions {
  readonly stage?: string;
  readonly overrides?: readonly string[];
  readonly entriesOpen?: boolean;
}

/** Both templates of a stage. */
export function synthesize({ stage = 'dev', overrides = [], entriesOpen = true }: SynthOptions = {}) {
  const { state, services } = build(stage, overrides, entriesOpen, false);
  return { state: Template.fromStack(state), services: Template.fromStack(services) };
}

/** The app with cdk-nag in it, not yet synthesized. */
export const withNag = ({ stage = 'dev', overrides = [] }: SynthOptions = {}) =>
  build(stage, overrides, true, true).app;
