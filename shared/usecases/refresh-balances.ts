import { type DecimalText, dec, decimalText, ZERO } from '#shared/core/decimal.ts';
import { type OddRow, oddRowSource, partlyText } from '#shared/core/odd-row.ts';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
import { netWithUnread } from '#shared/core/portfolio/unread-transfers.ts';
import { viewTime } from '#shared/core/portfolio/view-time.ts';
import type { AccountEvent } from '#shared/messages/account-event.ts';
import type { Trace } from '#shared/messages/trace.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { EventStream } from '#shared/ports/event-stream.ts';
import type { AccountReader } from '#shared/ports/exchange.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';

export interface RefreshBalancesDeps {
  readonly reader: Pick<AccountReader, 'fetchAccountState' | 'fetchTransfers'>;
  readonly accounts: Pick<AccountRepository, 'saveSnapshot' | 'newestBalance'>;
  readonly deadLetters: Pick<DeadLetters, 'known'>;
  /** Stream `account`. */
  readonly stream: EventStream;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface RefreshBalancesInput {
  readonly exchange: string;
  /** Key of the rows. */
  readonly account: string;
  /** What the venue is asked about: the master address. */
  readonly address: string;
  readonly trace: Trace;
}

export interface RefreshBalancesFacts {
  /** `from-the-future`: dated well after its arrival, and therefore not believed. */
  readonly kind: 'stored' | 'stale' | 'from-the-future';
  readonly state: AccountState;
  /** Deposits minus withdrawals up to the snapshot; null when the venue would not say. */
  readonly netTransfersQuote: DecimalText | null;
  readonly transfersError: string | null;
  /** Rows of positions and ledger that could not be read: set them aside. */
  readonly odd: readonly OddRow[];
  /** What of them is news, or still so. */
  readonly partly: string | null;
}

/**
 * Reads the account and its transfers, stores them if they are news, and tells the account stream. Throws `ExchangeError` when
 * nothing could be read and leaves the stored rows alone: they age, they do not become flat.
 */
export async function refreshBalances(
  deps: RefreshBalancesDeps,
  input: RefreshBalancesInput,
): Promise<RefreshBalancesFacts> {
  const { exchange, account, address } = input;
  const read = await deps.reader.fetchAccountState(address);
  const venueTimeMs = viewTime(read.venueTimeMs, deps.clock.nowMs());
  if (venueTimeMs === null) {
    const state = { ...read, exchange, account };
    return { kind: 'from-the-future', state, netTransfersQuote: null, transfersError: null, odd: [], partly: null };
  }
  const state: AccountState = { ...read, exchange, account, venueTimeMs };
  const { odd, ...transfers } = await netTransfers(deps, address, state);
  const kind = await deps.accounts.saveSnapshot(state, transfers.netTransfersQuote, deps.clock.nowMs());
  if (kind === 'stored') {
    const event = toEvent(state, input.trace);
    await deps.stream.put([{ partitionKey: `${exchange}:${account}`, data: JSON.stringify(event) }]);
  }
  const inPositions = read.odd ?? [];
  const partly =
    partlyText([...inPositions, ...odd]) ??
    (transfers.transfersError === null || transfers.transfersError === SETTLING
      ? null
      : `ledger: ${transfers.transfersError}`);
  return { kind, state, ...transfers, odd: [...inPositions, ...odd], partly };
}

/** For this long around a transfer, equity and ledger may not show it alike: they come from different reads. */
const TRANSFER_SETTLES_MS = 10_000;

const SETTLING = 'a transfer is being settled';

type Transfers = Pick<RefreshBalancesFacts, 'netTransfersQuote' | 'transfersError'> & {
  /** Entries that could not be read and were never set aside. */
  readonly odd: readonly OddRow[];
};

/**
 * Deposits minus withdrawals behind the equity of the state. Null around a transfer: seen on one side alone it would be a profit
 * or a loss, and a large one would stop everything. The next point of the curve shows both. An entry that cannot be read is a
 * transfer of an unknown amount: it stops nothing (see core/portfolio/unread-transfers).
 */
async function netTransfers(deps: RefreshBalancesDeps, address: string, state: AccountState): Promise<Transfers> {
  const { exchange, account, venueTimeMs: untilMs, equityQuote, complete } = state;
  const unknown = (transfersError: string): Transfers => ({ netTransfersQuote: null, transfersError, odd: [] });
  try {
    const { rows: transfers, odd } = await deps.reader.fetchTransfers(address, 0);
    if ([...transfers, ...odd].some((t) => (t.venueTimeMs ?? 0) > untilMs - TRANSFER_SETTLES_MS)) {
      return unknown(SETTLING);
    }
    if (odd.length === 0) {
      const net = transfers.reduce((sum, t) => sum.plus(dec(t.amountQuote)), ZERO);
      return { netTransfersQuote: decimalText(net), transfersError: null, odd };
    }
    const keys = odd.map((row) => row.key);
    const known = await deps.deadLetters.known(oddRowSource(exchange, 'ledger'), keys);
    const fresh = odd.filter((row) => !known.has(row.key));
    // A part of the equity shows no step of the whole: the entries stay new until all of it can be read.
    if (fresh.length > 0 && !complete)
      return unknown('an unreadable transfer, and a part of the account that was not read');
    const netTransfersQuote = netWithUnread({
      before: await deps.accounts.newestBalance(exchange, account),
      now: { equityQuote },
      transfers,
      fresh: fresh.map((row) => row.amountQuote ?? null),
    });
    return { netTransfersQuote, transfersError: null, odd: fresh };
  } catch (error) {
    // Positions are needed by the quorum at once; the equity curve can do without one point.
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

const toEvent = (state: AccountState, trace: Trace): AccountEvent => ({
  v: 1,
  type: 'balance',
  exchange: state.exchange,
  account: state.account,
  equityQuote: state.equityQuote,
  marginUsedQuote: state.marginUsedQuote,
  maintenanceMarginQuote: state.maintenanceMarginQuote,
  venueTimeMs: state.venueTimeMs,
  complete: state.complete,
  trace,
});
