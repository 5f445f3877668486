import { type DecimalText, dec, decimalText, ZERO } from '#shared/core/decimal.ts';
import type { AccountState } from '#shared/core/portfolio/account-state.ts';
import { viewTime } from '#shared/core/portfolio/view-time.ts';
import type { AccountEvent } from '#shared/messages/account-event.ts';
import type { Trace } from '#shared/messages/trace.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { EventStream } from '#shared/ports/event-stream.ts';
import type { AccountReader } from '#shared/ports/exchange.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';

export interface RefreshBalancesDeps {
  readonly reader: Pick<AccountReader, 'fetchAccountState' | 'fetchTransfers'>;
  readonly accounts: Pick<AccountRepository, 'saveSnapshot'>;
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
    return { kind: 'from-the-future', state, netTransfersQuote: null, transfersError: null };
  }
  const state: AccountState = { ...read, exchange, account, venueTimeMs };
  const transfers = await netTransfers(deps, address, state.venueTimeMs);
  const kind = await deps.accounts.saveSnapshot(state, transfers.netTransfersQuote, deps.clock.nowMs());
  if (kind === 'stored') {
    const event = toEvent(state, input.trace);
    await deps.stream.put([{ partitionKey: `${exchange}:${account}`, data: JSON.stringify(event) }]);
  }
  return { kind, state, ...transfers };
}

/** For this long around a transfer, equity and ledger may not show it alike: they come from different reads. */
const TRANSFER_SETTLES_MS = 10_000;

/**
 * Deposits minus withdrawals behind the equity of the state. Null around a transfer: seen on one side alone it would be a profit
 * or a loss, and a large one would stop everything. The next point of the curve shows both.
 */
async function netTransfers(
  deps: RefreshBalancesDeps,
  address: string,
  untilMs: number,
): Promise<Pick<RefreshBalancesFacts, 'netTransfersQuote' | 'transfersError'>> {
  try {
    const transfers = await deps.reader.fetchTransfers(address, 0);
    if (transfers.some((t) => t.venueTimeMs > untilMs - TRANSFER_SETTLES_MS)) {
      return { netTransfersQuote: null, transfersError: 'a transfer is being settled' };
    }
    const net = transfers.reduce((sum, t) => sum.plus(dec(t.amountQuote)), ZERO);
    return { netTransfersQuote: decimalText(net), transfersError: null };
  } catch (error) {
    // Positions are needed by the quorum at once; the equity curve can do without one point.
    return { netTransfersQuote: null, transfersError: error instanceof Error ? error.message : String(error) };
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
