import { join } from 'node:path';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { tradingSecretName, wantsTradingKey } from '#config/kind-settings.ts';
import { accountsOf, exchangeOf, exchangesOf } from '#config/venues.ts';
import { tradingKeyProblem } from '#shared/adapters/exchange/hyperliquid/trading-key-form.ts';
import { FileSecrets } from '#shared/adapters/system/file-secrets.ts';
import { SecretError } from '#shared/ports/secrets.ts';
import type { CommandContext } from '../context.ts';
import { CliFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { stageClientOptions, stageConfig, stageUnreachable } from '../stage-client.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

/**
 * `3t secrets push --stage X`: the trading key of each account from secrets.yml into the secret that only the order gateway of the
 * stage reads. Nothing is pushed unless every key is there, and no key is shown. The published keys of the example are refused
 * except for a simulator.
 */
export async function pushSecrets(ctx: CommandContext): Promise<ExitCode> {
  if (!ctx.deployed) throw new CliFailure(EXIT.usage, 'embedded-stage', `stage ${ctx.stage} reads secrets.yml itself`);
  const config = stageConfig(ctx.stage);
  const signing = exchangesOf(config).filter((name) => wantsTradingKey(exchangeOf(config, name)));
  if (signing.length === 0) {
    throw new CliFailure(
      EXIT.usage,
      'no-key-needed',
      `stage ${ctx.stage} is of kind ${exchangeOf(config, exchangesOf(config)[0]).kind}: nobody signs, and no secret takes a key`,
    );
  }
  const play = signing.every((name) => exchangeOf(config, name).kind === 'simulator');
  const secrets = new FileSecrets({ dir: PROJECT, allowExample: play });
  const values: { readonly secretId: string; readonly text: string }[] = [];
  try {
    for (const exchange of signing) {
      const accounts = accountsOf(exchangeOf(config, exchange));
      await secrets.check(
        accounts.map((account) => account.tradingKeySecret),
        tradingKeyProblem,
      );
      for (const { name, tradingKeySecret: key } of accounts) {
        values.push({
          secretId: tradingSecretName(config, exchange, name),
          text: JSON.stringify({ [key]: await secrets.get(key) }),
        });
      }
    }
  } catch (error) {
    if (error instanceof SecretError) throw new CliFailure(EXIT.failed, 'secrets', error.message);
    throw error;
  }
  const client = new SecretsManagerClient(stageClientOptions('secrets_manager', ctx.stage, ctx.io));
  for (const { secretId, text } of values) {
    await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: text })).catch((error: unknown) => {
      // The SDK's message names the secret, never its value.
      throw stageUnreachable(ctx.stage, `${secretId}: ${error instanceof Error ? error.name : 'failed'}`);
    });
  }
  const pushed = values.map((value) => value.secretId);
  ctx.print({ pushed }, () => `pushed ${pushed.join(', ')}; the order gateway reads them within minutes`);
  return EXIT.ok;
}
