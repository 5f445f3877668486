import type { App } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Config } from '#config/schema.ts';
import type { CodeOf } from './constructs/platform-context.ts';
import { ServicesStack } from './stacks/services-stack.ts';
import { StateStack } from './stacks/state-stack.ts';

export interface StackOptions {
  readonly config: Config;
  readonly codeOf: CodeOf;
  readonly producerImage: ecs.ContainerImage;
  readonly entriesOpen?: boolean;
}

/** `three-t-dev-state`, `three-t-dev-services`: a name of a stack begins with a letter. */
export const stackNames = (stage: string) => ({
  state: `three-t-${stage}-state`,
  services: `three-t-${stage}-services`,
});

/** Both stacks of a stage. Synthesizing needs neither account nor network. */
export function addStacks(app: App, { config, codeOf, producerImage, entriesOpen = true }: StackOptions) {
  const names = stackNames(config.stage);
  const env = { region: config.aws.region };
  const state = new StateStack(app, names.state, {
    env,
    config,
    description: `3T ${config.stage}: database, secrets, buckets`,
  });
  const services = new ServicesStack(app, names.services, {
    env,
    config,
    state,
    codeOf,
    producerImage,
    entriesOpen,
    description: `3T ${config.stage}: streams, queues, functions, alarms`,
  });
  services.addStackDependency(state);
  return { state, services };
}
