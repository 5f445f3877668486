import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { addStacks } from '#infra/add-stacks.ts';
import { loadStage } from '#infra/load-stage.ts';

const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};

/** An image that is only hashed, so that its repository is granted as in a real deployment. */
function imageIn(folder: string): string {
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
  return folder;
}

/** Built once with placeholders instead of bundles: what is asserted are resources, not code. */
function build(stage: string, overrides: readonly string[], entriesOpen: boolean, nag: boolean) {
  const folder = mkdtempSync(join(tmpdir(), '3t-infra-'));
  const image = join(folder, 'image');
  mkdirSync(image);
  const app = new App({
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
    analyticsReporting: false,
    outdir: join(folder, 'cdk.out'),
    // CDK's own rules, as errors (cdk.json); they take seconds to load.
    builtinCloudFormationValidation: nag,
  });
  const stacks = addStacks(app, {
    config: loadStage(stage, overrides),
    codeOf: () => lambda.Code.fromInline('exports.handler = async () => {};'),
    producerImage: ecs.ContainerImage.fromAsset(imageIn(image)),
    entriesOpen,
  });
  if (nag) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, remove: () => rmSync(folder, { recursive: true }), ...stacks };
}

/** Stage dev with everything that a venue with a key needs beside what paper needs: keys, observers and their queues. */
export const KEYED: readonly string[] = [
  'exchanges.hyperliquid.kind=testnet',
  'exchanges.hyperliquid.approval=manual',
  'exchanges.hyperliquid.http_url=https://api.hyperliquid-testnet.xyz',
  'exchanges.hyperliquid.ws_url=wss://api.hyperliquid-testnet.xyz/ws',
];

export interface SynthOptions {
  readonly stage?: string;
  readonly overrides?: readonly string[];
  readonly entriesOpen?: boolean;
}

type Templates = { readonly state: Template; readonly services: Template };
const made = new Map<string, Templates>();

/** Both templates of a stage; the same options are built once. */
export function synthesize({ stage = 'dev', overrides = KEYED, entriesOpen = true }: SynthOptions = {}): Templates {
  const key = JSON.stringify([stage, overrides, entriesOpen]);
  const known = made.get(key);
  if (known) return known;
  const { state, services, remove } = build(stage, overrides, entriesOpen, false);
  const templates = { state: Template.fromStack(state), services: Template.fromStack(services) };
  remove();
  made.set(key, templates);
  return templates;
}

/** The app with cdk-nag in it, not yet synthesized, and what removes its files. `open` adds a bucket that it must find fault with. */
export function withNag({ open = false }: { readonly open?: boolean } = {}): {
  readonly app: App;
  readonly remove: () => void;
} {
  const { app, state, remove } = build('dev', KEYED, true, true);
  if (open) new Bucket(state, 'Open');
  return { app, remove };
}
