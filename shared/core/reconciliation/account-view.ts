import { type DecimalText, dec, decimalText } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import type { AccountState } from '../portfolio/account-state.ts';
import type { EpochMs } from '../time.ts';
import type { SourceReading } from './quorum.ts';

/** One source's view of a whole account, ready to be asked about any coin. */
export interface AccountView {
  readonly source: string;
  readonly venueTimeMs: EpochMs | null;
  readonly complete: boolean;
  readonly error: string | null;
  /** Sub-accounts that were read: `native` and others by name. */
  readonly covered: ReadonlySet<string>;
  /** Signed sizes by coin in upper case; venues and documents disagree about case. */
  readonly sizes: ReadonlyMap<string, DecimalText>;
  /** Coins in upper case of which a row was there that says nothing usable: unknown, never flat. */
  readonly unread: ReadonlySet<string>;
}

export interface ViewedAccount {
  readonly venueTimeMs: EpochMs;
  readonly complete: boolean;
  readonly subAccounts: readonly {
    readonly name: string;
    readonly complete: boolean;
    readonly error: string | null;
    readonly unread?: readonly { readonly coin: string }[] | undefined;
  }[];
  readonly positions: readonly { readonly coin: string; readonly size: DecimalText }[];
}

const NATIVE = 'native';
const keyOf = (coin: string): string => coin.toUpperCase();

/** Of a coin with two positions it is unknown which is meant; the others are what they are. */
export function accountView(source: string, account: ViewedAccount): AccountView {
  const sizes = new Map<string, DecimalText>();
  const unread = new Set(account.subAccounts.flatMap((s) => (s.unread ?? []).map(({ coin }) => keyOf(coin))));
  for (const { coin, size } of account.positions) {
    if (sizes.has(keyOf(coin))) unread.add(keyOf(coin));
    sizes.set(keyOf(coin), size);
  }
  const failed = account.subAccounts.find((s) => !s.complete);
  return {
    source,
    venueTimeMs: account.venueTimeMs,
    complete: account.complete && failed === undefined,
    error: failed ? `${failed.name}: ${failed.error ?? 'not read'}` : null,
    covered: new Set(account.subAccounts.filter((s) => s.complete).map((s) => s.name)),
    sizes,
    unread,
  };
}

export const ownTableView = (source: string, state: AccountState | null): AccountView =>
  state === null ? unreadableView(source, 'no snapshot was ever stored') : accountView(source, state);

export const unreadableView = (source: string, error: string): AccountView => ({
  source,
  venueTimeMs: null,
  complete: false,
  error,
  covered: new Set(),
  sizes: new Map(),
  unread: new Set(),
});

/** What the source says about one instrument. An absent coin is flat only where its own sub-account was read, too. */
export function readingOf(
  view: AccountView,
  instrument: Pick<Instrument, 'venueSymbol' | 'subAccount'>,
): SourceReading {
  const { source, venueTimeMs, error } = view;
  if (view.unread.has(keyOf(instrument.venueSymbol))) {
    return {
      source,
      size: null,
      venueTimeMs,
      complete: false,
      error: `its position of ${instrument.venueSymbol} cannot be read`,
    };
  }
  const stated = view.sizes.get(keyOf(instrument.venueSymbol));
  const home = instrument.subAccount ?? NATIVE;
  const covered = view.covered.has(home);
  const complete = view.complete && covered;
  const size = stated ?? (complete ? '0' : null);
  const missing = venueTimeMs !== null && !covered ? `sub-account ${home} was not read` : null;
  return { source, size, venueTimeMs, complete, error: error ?? missing };
}

/** Positions of a view in coins that are not among `coins`. */
export function foreignPositions(
  state: AccountState | null,
  coins: readonly string[],
): readonly { readonly symbol: string; readonly size: DecimalText; readonly venueTimeMs: EpochMs }[] {
  if (state === null) return [];
  const ours = new Set(coins.map(keyOf));
  return state.positions
    .filter((p) => !ours.has(keyOf(p.coin)) && !dec(p.size).isZero())
    .map((p) => ({ symbol: p.symbol, size: decimalText(p.size), venueTimeMs: state.venueTimeMs }));
}
