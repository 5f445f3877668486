import { readFileSync, rmSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Config } from '#config/schema.ts';
import { addStacks } from '../add-stacks.ts';
import { loadStage } from '../load-stage.ts';
import { ASSUMPTIONS } from './assumptions.ts';
import { type MonthlyCost, monthlyCost } from './monthly-cost.ts';
import { readPrices } from './price-list.ts';
import { type TemplateJson, usageOf } from './usage.ts';

export interface StageCost {
  readonly stage: string;
  readonly region: string;
  readonly pricesDated: string;
  readonly now: MonthlyCost;
  /** The same stage with, or without, one fixed address for orders. */
  readonly withStaticEgressUsd: number;
  readonly withoutStaticEgressUsd: number;
  readonly parkedUsd: number;
  readonly assumptions: typeof ASSUMPTIONS;
}

/** A month of a stage in USD, without tax, from its own templates. Throws ConfigError, or with a sentence when prices are missing. */
export function stageCost(stage: string, overrides: readonly string[] = []): StageCost {
  const { config, cost: now } = monthOf(stage, overrides);
  const { aws } = config;
  const other = (setting: string): number => monthOf(stage, [...overrides, setting]).cost.usd;
  return {
    stage,
    region: aws.region,
    pricesDated: readPrices(aws.region).dated,
    now,
    withStaticEgressUsd: aws.static_egress ? now.usd : other('aws.static_egress=true'),
    withoutStaticEgressUsd: aws.static_egress ? other('aws.static_egress=false') : now.usd,
    parkedUsd: aws.parked ? now.usd : other('aws.parked=true'),
    assumptions: ASSUMPTIONS,
  };
}

/** The same for one setting alone. */
export function monthOf(
  stage: string,
  overrides: readonly string[],
): { readonly config: Config; readonly cost: MonthlyCost } {
  const config = loadStage(stage, overrides);
  return { config, cost: monthlyCost(usageOf(config, templatesOf(config)), readPrices(config.aws.region)) };
}

/** Templates with placeholders for code: what costs does not depend on it. */
function templatesOf(config: Config): readonly TemplateJson[] {
  const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
    context: Record<string, unknown>;
  };
  const app = new App({ context, analyticsReporting: false, builtinCloudFormationValidation: false });
  const { state, services } = addStacks(app, {
    config,
    codeOf: () => lambda.Code.fromInline('exports.handler = async () => {};'),
    producerImage: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/node:24-slim'),
  });
  const assembly = app.synth();
  const templates = [state, services].map(
    (stack) => assembly.getStackArtifact(stack.artifactId).template as TemplateJson,
  );
  rmSync(assembly.directory, { recursive: true });
  return templates;
}
