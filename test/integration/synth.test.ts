import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '..', '..');
const CDK = join(PROJECT, 'node_modules', 'aws-cdk', 'bin', 'cdk');

const home = mkdtempSync(join(tmpdir(), '3t-synth-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Asset folders that hold a file of this name. */
const withFile = (out: string, name: string): string[] =>
  readdirSync(out).filter((entry) => entry.startsWith('asset.') && existsSync(join(out, entry, name)));

it('npm run synth works with nothing but Node: no account, no Docker, no way out', async () => {
  const out = join(home, 'cdk.out');
  // Node alone on the path, no home with credentials, and every request sent to a port where nobody listens.
  const env = {
    PATH: dirname(process.execPath),
    HOME: home,
    AWS_EC2_METADATA_DISABLED: 'true',
    HTTPS_PROXY: 'http://127.0.0.1:1',
    HTTP_PROXY: 'http://127.0.0.1:1',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };

  await promisify(execFile)(process.execPath, [CDK, 'synth', '--quiet', '-c', 'stage=dev', '--output', out], {
    cwd: PROJECT,
    env,
  });

  const templates = readdirSync(out).filter((name) => name.endsWith('.template.json'));
  expect(templates.sort()).toEqual(['three-t-dev-services.template.json', 'three-t-dev-state.template.json']);
  const { Resources } = JSON.parse(readFileSync(join(out, 'three-t-dev-services.template.json'), 'utf8')) as {
    Resources: Record<string, { Type: string; Properties: { Code: { S3Key: string } } }>;
  };
  const functions = Object.values(Resources).filter((resource) => resource.Type === 'AWS::Lambda::Function');
  const bundles = new Set(functions.map(({ Properties }) => Properties.Code.S3Key));
  expect(bundles.size).toBeGreaterThan(10);
  // Each bundle once, and the container's own beside its Dockerfile.
  expect(withFile(out, 'main.js')).toHaveLength(bundles.size + 1);
  expect(withFile(out, 'Dockerfile')).toHaveLength(1);
});
