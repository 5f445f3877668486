import { existsSync } from 'node:fs';
import { wantsTradingKey } from '#config/kind-settings.ts';
import { accountsOf, type ExchangeConfig } from '#config/venues.ts';
import { tradingKeyProblem } from '#shared/adapters/exchange/hyperliquid/trading-key-form.ts';
import { FileSecrets } from '#shared/adapters/system/file-secrets.ts';
import type { Finding } from './finding.ts';

/** Reads every secret that a start would read, each by its form, and tells none of them. */
export async function checkSecrets(exchange: ExchangeConfig, dir: string): Promise<Finding> {
  const { kind } = exchange;
  if (!wantsTradingKey({ kind })) return { check: 'secrets', verdict: 'ok', detail: `none needed: kind ${kind}` };
  const secrets = new FileSecrets({ dir, allowExample: kind === 'simulator' });
  const names = accountsOf(exchange).map((account) => account.tradingKeySecret);
  try {
    await secrets.check(names, tradingKeyProblem);
  } catch (error) {
    return { check: 'secrets', verdict: 'failed', detail: error instanceof Error ? error.message : 'unreadable' };
  }
  const file = existsSync(`${dir}/secrets.yml`) ? 'secrets.yml' : 'secrets.yml.example (play money)';
  return {
    check: 'secrets',
    verdict: 'ok',
    detail: `${names.length} of ${names.length} readable in ${file}, private keys by their form`,
  };
}
