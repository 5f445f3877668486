import { createHmac } from 'node:crypto';
import { TEST_SIGNERS } from '../../signers/test-accounts.ts';

export interface ApiKey {
  /** Address of the account that it belongs to. */
  readonly account: string;
  readonly key: string;
  readonly secret: string;
  readonly mayTrade: boolean;
}

/** TEST ONLY: derived from a published sentence, known to everybody, and worth nothing outside this simulator. */
const derived = (name: string): string =>
  createHmac('sha256', '3t exchange simulator').update(`binance-usdm ${name}`).digest('hex');

const keyOf = (account: string, name: string, mayTrade: boolean): ApiKey => ({
  account,
  key: derived(`${name} key`),
  secret: derived(`${name} secret`),
  mayTrade,
});

export const TEST_API_KEYS = {
  main: keyOf(TEST_SIGNERS.mainMaster.address, 'main', true),
  mainReadOnly: keyOf(TEST_SIGNERS.mainMaster.address, 'main read-only', false),
  second: keyOf(TEST_SIGNERS.secondMaster.address, 'second', true),
  secondReadOnly: keyOf(TEST_SIGNERS.secondMaster.address, 'second read-only', false),
} as const satisfies Record<string, ApiKey>;

export const apiKeyOf = (key: string | undefined): ApiKey | undefined =>
  Object.values(TEST_API_KEYS).find((known) => known.key === key);
