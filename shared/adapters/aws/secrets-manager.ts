import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { isDue } from '#shared/core/age.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { SecretError, type Secrets } from '#shared/ports/secrets.ts';
import { awsFailure } from './aws-failure.ts';

export interface SecretsManagerOptions {
  readonly client: Pick<SecretsManagerClient, 'send'>;
  /** The one secret that holds all: a JSON object `{"<name>": "<value>"}`. */
  readonly secretArn: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** After so long the secret is read again, so that a changed key needs no deployment. */
  readonly maxAgeMs?: number;
  /** Told each value that is handed out, so that a logger can blot it out. */
  readonly onRead?: (value: string) => void;
}

const MAX_AGE_MS = 300_000;
const VALUE_CHARS_MAX = 4096;

/** Named values of one Secrets Manager secret. One call at a time whoever asks; failures are not remembered; no message holds a value. */
export function createSecretsManagerSecrets(options: SecretsManagerOptions): Secrets {
  const { client, secretArn, clock, maxAgeMs = MAX_AGE_MS, onRead } = options;
  let known: { readonly values: Readonly<Record<string, unknown>>; readonly readAtMs: number } | null = null;
  let underWay: Promise<Readonly<Record<string, unknown>>> | null = null;

  const read = async (name: string): Promise<Readonly<Record<string, unknown>>> => {
    if (known !== null && !isDue(known.readAtMs, clock.nowMs(), maxAgeMs)) return known.values;
    // Whoever joins gets an error of his own name below.
    underWay ??= fetchValues(client, secretArn)
      .then((values) => {
        known = { values, readAtMs: clock.nowMs() };
        return values;
      })
      .finally(() => {
        underWay = null;
      });
    try {
      return await underWay;
    } catch (error) {
      throw new SecretError(name, (error as Error).message);
    }
  };

  return {
    async get(name) {
      const values = await read(name);
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined || value === null) throw new SecretError(name, `missing in ${secretArn}`);
      const text = typeof value === 'string' ? value.trim() : '';
      if (text === '' || text.length > VALUE_CHARS_MAX) {
        throw new SecretError(name, `expected text of 1 to ${VALUE_CHARS_MAX} characters in ${secretArn}`);
      }
      onRead?.(text);
      return text;
    },
  };
}

/** The error's message is ours: neither the service's nor the parser's, which quotes the text. */
async function fetchValues(
  client: Pick<SecretsManagerClient, 'send'>,
  secretArn: string,
): Promise<Readonly<Record<string, unknown>>> {
  let text: string | undefined;
  try {
    ({ SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: secretArn })));
  } catch (error) {
    const { kind, summary } = awsFailure(error);
    throw new Error(`${secretArn} cannot be read: ${kind} (${summary})`);
  }
  let values: unknown;
  try {
    values = JSON.parse(text ?? '');
  } catch {
    values = null;
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new Error(`${secretArn} does not hold a JSON object of names and values`);
  }
  return values as Readonly<Record<string, unknown>>;
}
