import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { TEST_ACCOUNTS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { addressOfKey } from '#local/exchange-simulator/wire/hyperliquid/l1-signature.ts';
import { FileSecrets } from '#shared/adapters/system/file-secrets.ts';
import { SecretError } from '#shared/ports/secrets.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), '3t-secrets-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

const write = (text: string, mode = 0o600): void => {
  writeFileSync(join(dir, 'secrets.yml'), text);
  chmodSync(join(dir, 'secrets.yml'), mode);
};
const own = () => new FileSecrets({ dir, allowExample: false });
const failure = async (run: Promise<unknown>): Promise<SecretError> => {
  const error = await run.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SecretError)) throw new Error('expected a SecretError', { cause: error });
  return error;
};

describe('FileSecrets', () => {
  it('gives the trimmed value of a dotted name and tells the redactor', async () => {
    write('a: { b: " hush \\n" }\n');
    const seen: string[] = [];

    const value = await new FileSecrets({ dir, allowExample: false, onRead: (text) => seen.push(text) }).get('a.b');

    expect(value).toBe('hush');
    expect(seen).toEqual(['hush']);
  });

  it.skipIf(process.platform === 'win32').each([0o644, 0o640, 0o604, 0o660])(
    'refuses a file of mode %o with the command that mends it',
    async (mode) => {
      write('a: hush-value\n', mode);

      const error = await failure(own().get('a'));

      expect(error.message).toContain(`chmod 600 ${join(dir, 'secrets.yml')}`);
      expect(error.message).not.toContain('hush-value');
    },
  );

  it('names what is missing, one by one and all together', async () => {
    write('a: one\n');

    expect((await failure(own().get('b.c'))).message).toContain('secret b.c: missing in secrets.yml');
    const all = await failure(own().check(['a', 'b.c', 'd']));
    expect(all.secretName).toBe('b.c, d');
    expect(all.message).toMatch(/secret b\.c: missing[\s\S]*secret d: missing/);
    await expect(own().check(['a'])).resolves.toBeUndefined();
  });

  it.each([
    ['broken YAML', 'a: "hush-value\nb: c\n'],
    ['a key twice', 'a: hush-value\na: hush-value2\n'],
    ['a number', 'a: 77777777\n'],
    ['a map', 'a: { b: hush-value }\n'],
    ['an alias', 'x: &x hush-value\na: *x\n'],
    ['only spaces', 'a: "   "\n'],
    ['a value that is too long', `a: ${'h'.repeat(5000)}\n`],
    ['a file that is too large', `a: b\n# ${'h'.repeat(70_000)}\n`],
  ])('refuses %s without telling any of it', async (_, text) => {
    write(text);
    const error = await failure(own().get('a'));
    expect(`${error.message}${error.stack}${error.cause}`).not.toMatch(/hush-value|7777|hhhh/);
  });

  it('does not look up inherited names', async () => {
    write('a: b\n');
    expect((await failure(own().get('constructor.name'))).message).toContain('missing');
  });

  it('falls back to the example only when allowed, and then ignores its mode', async () => {
    copyFileSync('secrets.yml.example', join(dir, 'secrets.yml.example'));

    expect((await failure(own().get('exchanges.hyperliquid.main.agent_key'))).message).toContain(
      'cp secrets.yml.example',
    );
    const key = await new FileSecrets({ dir, allowExample: true }).get('exchanges.hyperliquid.main.agent_key');
    expect(key).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it('prefers secrets.yml to the example even when its mode is wrong', async () => {
    copyFileSync('secrets.yml.example', join(dir, 'secrets.yml.example'));
    write('a: b\n', 0o644);
    expect((await failure(new FileSecrets({ dir, allowExample: true }).get('a'))).message).toContain('chmod 600');
  });
});

describe('secrets.yml.example', () => {
  it.each(TEST_ACCOUNTS)('holds the key of an agent of the simulator account $name', async ({ name, agents }) => {
    const key = await new FileSecrets({ dir: '.', allowExample: true }).get(`exchanges.hyperliquid.${name}.agent_key`);
    expect(agents).toContain(addressOfKey(key));
  });

  it('serves the accounts that the local stage trades', () => {
    const { accounts } = loadConfig({ stage: 'local' }).config.exchanges.hyperliquid!;
    for (const account of accounts) {
      expect(TEST_ACCOUNTS.find((spec) => spec.name === account.name)?.address).toBe(account.address);
    }
  });
});
