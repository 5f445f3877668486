import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const PROJECT = join(import.meta.dirname, '..', '..');
const CDK = join(PROJECT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
const OUTPUT_CHARS_MAX = 4_000;
/** What `cdk bootstrap` makes for this account in an emulator. */
const ACCOUNT = '000000000000';

const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));

export interface CdkOptions {
  readonly stage: string;
  readonly region: string;
  /** `key=value`, laid over the stage's file. */
  readonly config: readonly string[];
  /** For the CDK and nothing else: endpoints and credentials of the emulator. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes synthesized stacks and outputs. */
  readonly dir: string;
}

/** The plain `cdk bootstrap` and `cdk deploy` of the very stacks of a deployment. Resolves to all outputs by name. */
export async function deployStacks(options: CdkOptions): Promise<Readonly<Record<string, string>>> {
  const { stage, region, config, dir } = options;
  const outputsFile = join(dir, 'outputs.json');
  const context = ['-c', `stage=${stage}`, '-c', `config=${JSON.stringify(config)}`, '-c', 'producer-image=none'];
  const common = [...context, '--output', join(dir, 'cdk.out')];
  await cdk(['bootstrap', `aws://${ACCOUNT}/${region}`, ...common], options.environment);
  await cdk(
    [
      'deploy',
      '--all',
      '--require-approval',
      'never',
      '--outputs-file',
      outputsFile,
      '--progress',
      'events',
      ...common,
    ],
    options.environment,
  );
  const stacks = outputsSchema.parse(JSON.parse(readFileSync(outputsFile, 'utf8')));
  return Object.assign({}, ...Object.values(stacks)) as Record<string, string>;
}

function cdk(args: readonly string[], environment: CdkOptions['environment']): Promise<void> {
  const child = spawn(process.execPath, [CDK, ...args, '--no-color', '--ci'], {
    cwd: PROJECT,
    env: { ...environment, CDK_DISABLE_CLI_TELEMETRY: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`cdk ${args[0]} ended with ${code}\n${output}`));
    });
  });
}
