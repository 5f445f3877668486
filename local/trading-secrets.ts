import { wantsTradingKey } from '#config/kind-settings.ts';
import { accountsOf, type ExchangeConfig } from '#config/venues.ts';
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
  readonly exchanges: readonly ExchangeConfig[];
  /** Told each value, so that a logger can blot it out. */
  readonly onRead: (value: string) => void;
}): Promise<FileSecrets> {
  const { dir, exchanges, onRead } = options;
  const signing = exchanges.filter(wantsTradingKey);
  // Published keys are for play money: one exchange with more than that, and none of them is taken.
  const secrets = new FileSecrets({ dir, allowExample: signing.every(({ kind }) => kind === 'simulator'), onRead });
  try {
    for (const exchange of signing) {
      await secrets.check(
        accountsOf(exchange).map((account) => account.tradingKeySecret),
        tradingKeyProblem,
      );
    }
  } catch (error) {
    if (error instanceof SecretError) throw new UserError(error.message);
    throw error;
  }
  return secrets;
}
