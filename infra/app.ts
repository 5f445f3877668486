import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError } from '#config/config-error.ts';
import { addStacks } from './add-stacks.ts';
import { bundledCode, bundledImage } from './bundled-code.ts';
import { loadStage } from './load-stage.ts';

const PROJECT = join(import.meta.dirname, '..');

/**
 * What the CDK CLI runs (`npm run synth`, `npm run deploy`). Context: `stage`, `config` (a JSON list of key=value), `entries` (open|closed),
 * `producer-image` (one of a registry instead of our own, which needs Docker to be built).
 */
// CDK's own rules take three seconds to load: test/infra/nag.test.ts asks them, beside cdk-nag.
const app = new App({ builtinCloudFormationValidation: false });
const context = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;

try {
  const config = loadStage(context('stage') ?? 'dev', JSON.parse(context('config') ?? '[]') as string[]);
  const image = context('producer-image');
  const bundles = join(PROJECT, '.state', 'bundles');
  const [codeOf, producerImage] = await Promise.all([
    bundledCode(join(bundles, 'functions')),
    image === undefined
      ? bundledImage(PROJECT, join(bundles, 'containers'))
      : Promise.resolve(ContainerImage.fromRegistry(image)),
  ]);
  addStacks(app, {
    config,
    codeOf,
    producerImage,
    entriesOpen: context('entries') !== 'closed',
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exit(1);
}
