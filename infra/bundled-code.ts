import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { bundleAll, bundleContainer } from './bundling/bundle.ts';
import type { CodeOf } from './constructs/platform-context.ts';

const PRODUCER = 'price-producer';

/** Bundles every function below `outDir` and hands them out by folder name. */
export async function bundledCode(outDir: string): Promise<CodeOf> {
  const bundles = new Map((await bundleAll(outDir)).map((bundle) => [bundle.name, bundle.dir]));
  return (folder) => {
    const dir = bundles.get(folder);
    if (dir === undefined) throw new Error(`functions/${folder} has no main.ts to bundle`);
    return lambda.Code.fromAsset(dir);
  };
}

/** The producer's bundle beside its Dockerfile: a small folder, only hashed here and built when a deployment publishes it. */
export async function bundledImage(project: string, outDir: string): Promise<ecs.ContainerImage> {
  const { dir } = await bundleContainer(PRODUCER, outDir);
  copyFileSync(join(project, 'containers', PRODUCER, 'Dockerfile'), join(dir, 'Dockerfile'));
  return ecs.ContainerImage.fromAsset(dir, { platform: Platform.LINUX_ARM64 });
}
