import { ExchangeError } from '#shared/ports/exchange.ts';

/** An account of the settings; on paper only its name counts, and its address is another name for it. */
export interface NamedAccount {
  readonly name: string;
  readonly address: string;
}

/** Name of a configured account, which may be asked for by its address too. Throws `configuration` for any other. */
export function accountName(accounts: readonly NamedAccount[], account: string): string {
  const found =
    accounts.find((known) => known.name === account) ??
    accounts.find((known) => known.address.toLowerCase() === account.toLowerCase());
  if (found) return found.name;
  throw new ExchangeError('configuration', `the paper venue has no account ${account}`, {
    retryable: false,
    mayHaveReachedVenue: false,
  });
}

/** Books that cannot be read or written are a venue that does not answer. */
export async function asVenue<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ExchangeError) throw error;
    throw new ExchangeError(
      'unavailable',
      `the paper venue's books: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300),
      { retryable: true, mayHaveReachedVenue: true },
      { cause: error },
    );
  }
}
