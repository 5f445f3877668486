import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleAll, bundleContainer } from '#infra/bundling/bundle.ts';

const MB = 1_048_576;
/** Functions that ask or tell the venue something through ccxt. */
const WITH_CCXT = ['balance', 'candle-fetcher', 'janitor', 'market-data', 'order-gateway', 'order-tracker'];

describe('bundles', () => {
  const dir = mkdtempSync(join(tmpdir(), '3t-bundle-sizes-'));
  let functions: readonly Bundle[] = [];
  let producer: Bundle;
  beforeAll(async () => {
    functions = await bundleAll(dir);
    producer = await bundleContainer('price-producer', dir);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('hold ccxt where the venue is asked, and nowhere else', () => {
    expect(functions.filter((b) => b.packages.has('ccxt')).map((b) => b.name)).toEqual(WITH_CCXT);
    expect(producer.packages.has('ccxt')).toBe(false);
  });

  it('are at most 1 MB, those with ccxt 1.6 MB', () => {
    const tooLarge = [...functions, producer]
      .filter(({ bytes, packages }) => bytes > (packages.has('ccxt') ? 1.6 : 1) * MB)
      .map(({ name, bytes }) => `${name}: ${bytes}`);
    expect(tooLarge).toEqual([]);
    expect(functions.length).toBeGreaterThanOrEqual(14);
  });

  it('leave out what belongs to a machine of one’s own', () => {
    const local = ['mysql2', 'commander', '@hono/node-server', 'cli-progress', 'aws-cdk-lib', 'esbuild'];
    for (const { name, packages } of [...functions, producer]) {
      expect([name, local.filter((packageName) => packages.has(packageName))]).toEqual([name, []]);
    }
    const withSocket = functions.filter((b) => b.packages.has('ws')).map((b) => b.name);
    expect(withSocket).toEqual([]);
  });
});
