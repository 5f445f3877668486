import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleAll, bundleContainer } from '#infra/bundling/bundle.ts';

const BYTES_MAX = 1_000_000;
const BYTES_MAX_WITH_CCXT = 1_600_000;
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
      .filter(({ bytes, packages }) => bytes > (packages.has('ccxt') ? BYTES_MAX_WITH_CCXT : BYTES_MAX))
      .map(({ name, bytes }) => `${name}: ${bytes}`);
    expect(tooLarge).toEqual([]);
    expect(functions.length).toBeGreaterThanOrEqual(14);
  });

  it('keep the client of S3 out of what is read at the start where it is seldom needed', () => {
    const client = 'GetObjectCommand';
    const holding = (dir: string) =>
      readdirSync(dir).filter((file) => readFileSync(join(dir, file), 'utf8').includes(client));
    const later = functions.filter(({ dir }) => holding(dir).some((file) => file !== 'main.js'));
    expect(later.map(({ name }) => name)).toEqual(['api', 'janitor', 'order-tracker']);
    expect(later.filter(({ dir }) => holding(dir).includes('main.js')).map(({ name }) => name)).toEqual([]);
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
