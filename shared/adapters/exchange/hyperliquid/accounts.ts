import { ExchangeError } from '#shared/ports/exchange.ts';

/** An account to read or trade, as configured. */
export interface HyperliquidAccount {
  /** Short name: what the ports call `account`. */
  readonly name: string;
  /** Master (or sub-account) address, never the agent's: the venue answers questions for it. */
  readonly address: string;
  /** Set when the agent acts for a sub-account or vault of its master. */
  readonly vaultAddress?: string | null;
  /** Name of the agent's key in the secrets; null for an account that is only read. */
  readonly tradingKeySecret: string | null;
}

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

/** Finds a configured account by name or address; any other address stands for itself and can be read, not traded. */
export function findAccount(accounts: readonly HyperliquidAccount[], account: string): HyperliquidAccount {
  const found =
    accounts.find((known) => known.name === account) ??
    accounts.find((known) => known.address.toLowerCase() === account.toLowerCase());
  if (found) return found;
  if (ADDRESS.test(account)) return { name: account, address: account, tradingKeySecret: null };
  throw new ExchangeError('configuration', `hyperliquid has no account ${account}`, {
    retryable: false,
    mayHaveReachedVenue: false,
  });
}
