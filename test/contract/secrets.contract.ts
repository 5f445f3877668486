import { describe, expect, it } from 'vitest';
import { SecretError, type Secrets } from '#shared/ports/secrets.ts';

export interface SecretsUnderTest {
  readonly secrets: Secrets;
  /** Values that were handed out, as a logger is told to blot them out. */
  readonly handedOut: readonly string[];
}

const NAME = 'exchanges.hyperliquid.main.agent_key';
const VALUE = '0x1f2e3d4c5b6a79880a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071';

/** What every store of secrets promises. Names are dotted; `values` is all that it holds. */
export function secretsContract(
  name: string,
  create: (values: Readonly<Record<string, string>>) => Promise<SecretsUnderTest>,
): void {
  describe(`secrets: ${name}`, () => {
    it('gives the value of a name, without the space around it, as often as it is asked', async () => {
      const { secrets, handedOut } = await create({
        [NAME]: ` ${VALUE}\n`,
        'exchanges.hyperliquid.second.agent_key': 'other',
      });

      expect(await secrets.get(NAME)).toBe(VALUE);
      expect(await Promise.all([secrets.get(NAME), secrets.get(NAME)])).toEqual([VALUE, VALUE]);
      expect(new Set(handedOut)).toEqual(new Set([VALUE]));
    });

    it.each(['exchanges.hyperliquid.other.agent_key', 'toString', '__proto__', 'exchanges'])(
      'refuses the name %s, and tells nothing of what it holds',
      async (absent) => {
        const { secrets, handedOut } = await create({ [NAME]: VALUE });

        const error = await secrets.get(absent).catch((thrown: unknown) => thrown);

        expect(error).toBeInstanceOf(SecretError);
        expect(error).toMatchObject({ secretName: absent });
        expect(String((error as Error).stack)).not.toContain(VALUE.slice(2, 12));
        expect(handedOut).toEqual([]);
      },
    );

    it.each(['', '   ', 'x'.repeat(4_097)])('refuses a value that cannot be one', async (value) => {
      const { secrets } = await create({ [NAME]: value });

      await expect(secrets.get(NAME)).rejects.toBeInstanceOf(SecretError);
    });
  });
}
