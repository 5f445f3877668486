import { wantsTradingKey } from '#config/kind-settings.ts';
import type { ExchangeConfig } from '#config/schema.ts';
import { tradingKeyProblem } from '#shared/adapters/exchange/hyperliquid/trading-key-form.ts';
import { FileSecrets } from '#shared/adapters/system/file-secrets.ts';
import { SecretError } from '#shared/ports/secrets.ts';
import { UserError } from './user-error.ts';

/**
 * The secrets of a platform on this machine, each trading key read once: one that nobody can read is named now, not by every
 * order that it keeps from being signed. Throws {@link UserError} with all of them.
 */
export async function openTradingSecrets(options: {
  /** Folder of secrets.yml. */
  readonly dir: string;
  readonly exchange: Pick<ExchangeConfig, 'kind' | 'accounts'>;
  /** Told each value, so that a logger can blot it out. */
  readonly onRead: (value: string) => void;
}): Promise<FileSecrets> {
  const { dir, exchange, onRead } = options;
  const secrets = new FileSecrets({ dir, allowExample: exchange.kind === 'simulator', onRead });
  if (!wantsTradingKey(exchange)) return secrets;
  try {
    await secrets.check(
      exchange.accounts.map((account) => account.agent_key_secret),
      tradingKeyProblem,
    );
  } catch (error) {
    if (error instanceof SecretError) throw new UserError(error.message);
    throw error;
  }
  return secrets;
}
