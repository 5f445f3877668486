import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkSecrets } from '#cli/doctor/secret-check.ts';
import { loadConfig } from '#config/load.ts';
import type { ExchangeConfig, ExchangeKind } from '#config/venues.ts';
import { openTradingSecrets } from '#local/trading-secrets.ts';
import { UserError } from '#local/user-error.ts';

const NAMES = ['exchanges.hyperliquid.main.agent_key', 'exchanges.hyperliquid.second.agent_key'];
const LOCAL = loadConfig({ stage: 'local' }).config.exchanges.hyperliquid!;
const exchangeOf = (kind: ExchangeKind, names: readonly string[]): ExchangeConfig => ({
  ...LOCAL,
  kind,
  accounts: names.map((name, index) => ({ name: `a${index}`, address: '0x0', agent_key_secret: name })),
});
const VALUE = `0x${'11'.repeat(32)}`;

describe('openTradingSecrets', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), '3t-keys-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const write = (name: string, mode = 0o600, value = VALUE) =>
    writeFileSync(join(dir, name), `exchanges: { hyperliquid: { main: { agent_key: "${value}" } } }\n`, { mode });
  const open = (kind: ExchangeKind, names = NAMES) => {
    const read: string[] = [];
    const secrets = openTradingSecrets({
      dir,
      exchanges: [exchangeOf(kind, names)],
      onRead: (value) => read.push(value),
    });
    return { secrets, read };
  };

  it('names every key that is missing, one by one', async () => {
    const { secrets } = open('live');

    await expect(secrets).rejects.toThrow(UserError);
    await expect(secrets).rejects.toThrow(/agent_key: there is no secrets\.yml.*\n.*second\.agent_key: there is no/);
  });

  it('refuses a file that others may read, also where the example would do', async () => {
    write('secrets.yml.example');
    write('secrets.yml', 0o644);

    await expect(open('simulator', NAMES.slice(0, 1)).secrets).rejects.toThrow(
      /others may read secrets\.yml; run: chmod 600/,
    );
  });

  it.each([
    ['0x12', 'is not a private key of 64 hex digits'],
    ['not-a-real-key', 'is not a private key of 64 hex digits'],
    [`0x${'0'.repeat(64)}`, 'is 64 hex digits, but no private key of the curve'],
    [`0x${'f'.repeat(64)}`, 'is 64 hex digits, but no private key of the curve'],
  ])('refuses what is no key, at the start and in doctor, and tells nothing of it (%s)', async (value, problem) => {
    write('secrets.yml', 0o600, value);
    const message = `secret ${NAMES[0]}: ${problem}`;
    await expect(open('live', NAMES.slice(0, 1)).secrets).rejects.toThrow(new UserError(message));
    const exchange = exchangeOf('live', NAMES.slice(0, 1));
    expect(await checkSecrets(exchange, dir)).toEqual({
      check: 'secrets',
      verdict: 'failed',
      detail: message,
    });
    write('secrets.yml');
    expect(await checkSecrets(exchange, dir)).toMatchObject({ verdict: 'ok' });
  });

  it('hands the keys to whoever blots them out of logs before anything is logged', async () => {
    write('secrets.yml.example');

    const { secrets, read } = open('simulator', NAMES.slice(0, 1));
    await secrets;

    expect(read).toEqual([VALUE]);
  });

  it('asks for none where nothing is signed', async () => {
    await expect(open('paper').secrets).resolves.toBeDefined();
  });
});
