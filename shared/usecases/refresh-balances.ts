import { isFromFuture } from '#shared/core/age.ts';
import { type DecimalText, dec } from '#shared/core/decimal.ts';
import { type OddRow, oddRowSource, partlyText } from '#shared/core/odd-row.ts';
import type { AccountState, StoredAccount } from '#shared/core/portfolio/account-state.ts';
import {
  type EquityReading,
  judgeMoney,
  type MoneyRules,
  type MoneyVerdict,
} from '#shared/core/portfolio/judge-money.ts';
import { netWithUnread } from '#shared/core/portfolio/unread-transfers.ts';
import { viewTime } from '#shared/core/portfolio/view-time.ts';
import type { AccountEvent } from '#shared/messages/account-event.ts';
import { observedEquity } from '#shared/messages/observed-view.ts';
import type { Trace } from '#shared/messages/trace.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { EventStream } from '#shared/ports/event-stream.ts';
import type { AccountReader } from '#shared/ports/exchange.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';

export interface RefreshBalancesDeps {
  readonly reader: Pick<AccountReader, 'fetchAccountState' | 'fetchTransfers'>;
  readonly accounts: Pick<AccountRepository, 'saveSnapshot' | 'latest' | 'newestBalance'>;
  readonly deadLetters: Pick<DeadLetters, 'known'>;
  readonly orders: Pick<OrdersRepository, 'fillsSince'>;
  /** Who else reads the account: a contradiction is believed once they have read the same. */
  readonly observers: readonly { readonly id: string; readonly documents: Pick<ObserverDocuments, 'get'> }[];
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
  readonly rules: MoneyRules;
  readonly trace: Trace;
}

export interface RefreshBalancesFacts {
  /** `from-the-future`: dated well after its arrival, and therefore not believed. */
  readonly kind: 'stored' | 'stale' | 'from-the-future';
  /** As stored: without money where it is not believed. */
  readonly state: AccountState;
  /** Null when the view as a whole was not looked at. */
  readonly verdict: MoneyVerdict | null;
  /** Deposits minus withdrawals up to the snapshot; null when the venue would not say. */
  readonly netTransfersQuote: DecimalText | null;
  readonly transfersError: string | null;
  /** Rows of positions and ledger that could not be read: set them aside. */
  readonly odd: readonly OddRow[];
  /** What of them is news, or still so. */
  readonly partly: string | null;
}

/** Far more than are made between two readings; fills beyond it count as their distance from the mark price. */
const FILLS_MAX = 2_000;

/**
 * Reads the account and its transfers, asks whether its money follows from the last believed one, stores both if they are news,
 * and tells the account stream what is believed. Throws `ExchangeError` when nothing could be read and leaves the stored rows
 * alone: they age, they do not become flat.
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
    const nothing = { netTransfersQuote: null, transfersError: null, odd: [], partly: null };
    return { kind: 'from-the-future', state, verdict: null, ...nothing };
  }
  const reading: AccountState = { ...read, exchange, account, venueTimeMs };
  const transfers = await netTransfers(deps, address, reading);
  const told = transfers.netTransfersQuote;
  const stored = await deps.accounts.latest(exchange, account);
  const verdict = await judge(deps, input, reading, stored, transfers.possible);
  const doubt = verdict.kind === 'doubted' ? verdict.doubt : null;
  const state: AccountState = doubt === null ? reading : { ...reading, money: null, moneyDoubt: doubt };
  const net = verdict.kind === 'believed' ? verdict.netTransfersQuote : null;
  // The curve is drawn with what is believed to be behind the equity, whatever the ledger says.
  const netTransfersQuote = told === null ? null : (net ?? told);
  const transfersError =
    netTransfersQuote === told
      ? transfers.transfersError
      : `it names transfers of ${told}, and the equity shows ${netTransfersQuote}`;
  const kind = await deps.accounts.saveSnapshot(state, netTransfersQuote, deps.clock.nowMs(), net);
  const event = kind === 'stored' ? toEvent(state, input.trace) : null;
  if (event !== null) {
    await deps.stream.put([{ partitionKey: `${exchange}:${account}`, data: JSON.stringify(event) }]);
  }
  const found = [...(read.odd ?? []), ...transfers.odd];
  // What an entry moved is settled by the point of the curve that shows it: until then it stays new.
  const isSettled = kind === 'stored' && verdict.kind === 'believed';
  const odd = isSettled ? found : (read.odd ?? []);
  const failed = transfersError === null || transfersError === SETTLING ? null : `ledger: ${transfersError}`;
  return { kind, state, verdict, netTransfersQuote, transfersError, odd, partly: partlyText(found) ?? failed };
}

async function judge(
  deps: RefreshBalancesDeps,
  { exchange, account, address, rules }: RefreshBalancesInput,
  reading: AccountState,
  stored: StoredAccount | null,
  possible: readonly DecimalText[],
): Promise<MoneyVerdict> {
  const nowMs = deps.clock.nowMs();
  const last = stored?.believed ?? null;
  // Of the future: no observer could have read the account after it, and none of its fills would be found, until then.
  const before = last !== null && isFromFuture(last.venueTimeMs, nowMs) ? null : last;
  const sinceMs = stored?.moneyDoubt?.numbers.sinceMs;
  const doubtedSinceMs = typeof sinceMs === 'number' ? sinceMs : null;
  const fills = before === null ? [] : await deps.orders.fillsSince(exchange, account, before.venueTimeMs, FILLS_MAX);
  const observed = await Promise.all(deps.observers.map((observer) => equityOf(observer, exchange, address)));
  const inputs = {
    nowMs,
    reading,
    before,
    fills,
    netTransfers: possible,
    observed,
    doubtedSinceMs,
  };
  return judgeMoney(inputs, rules);
}

/** An observer that cannot be read confirms nothing. */
async function equityOf(
  { id, documents }: RefreshBalancesDeps['observers'][number],
  exchange: string,
  address: string,
): Promise<EquityReading> {
  const source = `observer:${id}`;
  const document = await documents.get(id).catch(() => null);
  return observedEquity(source, document, exchange, address);
}

/** For this long around a transfer, equity and ledger may not show it alike: they come from different reads. */
const TRANSFER_SETTLES_MS = 10_000;

/** `transfersError` of a point that waits: nothing is wrong. */
export const SETTLING = 'a transfer is being settled';

type Transfers = Pick<RefreshBalancesFacts, 'netTransfersQuote' | 'transfersError'> & {
  /** Entries that could not be read and were never set aside. */
  readonly odd: readonly OddRow[];
  /** What may be behind the equity that was read: two numbers while a transfer is being settled, none where nobody knows. */
  readonly possible: readonly DecimalText[];
};

/**
 * Deposits minus withdrawals behind the equity of the state. Null around a transfer: seen on one side alone it would be a profit
 * or a loss, and a large one would stop everything. The next point of the curve shows both. An entry that cannot be read is a
 * transfer of an unknown amount: it stops nothing (see core/portfolio/unread-transfers).
 */
async function netTransfers(deps: RefreshBalancesDeps, address: string, state: AccountState): Promise<Transfers> {
  const { exchange, account, venueTimeMs: untilMs, money } = state;
  const unknown = (transfersError: string, possible: readonly DecimalText[] = []): Transfers => ({
    netTransfersQuote: null,
    transfersError,
    odd: [],
    possible,
  });
  try {
    const { rows: transfers, odd } = await deps.reader.fetchTransfers(address, 0);
    const before = odd.length === 0 ? null : await deps.accounts.newestBalance(exchange, account);
    const net = (rows: typeof transfers, fresh: readonly (DecimalText | null)[]) =>
      netWithUnread({ before, now: { equityQuote: money?.equityQuote ?? '0' }, transfers: rows, fresh });
    // One that is dated in the future would be waited for until then.
    const isSettled = (t: { readonly venueTimeMs: number | null }) =>
      (t.venueTimeMs ?? 0) <= untilMs - TRANSFER_SETTLES_MS || isFromFuture(t.venueTimeMs ?? 0, deps.clock.nowMs());
    if (![...transfers, ...odd].every(isSettled)) {
      const possible = [net(transfers, []), net(transfers.filter(isSettled), [])];
      const shown = odd.length === 0 ? possible.find((sum) => isNothingElse(state, sum)) : undefined;
      return shown === undefined
        ? unknown(SETTLING, possible)
        : { netTransfersQuote: shown, transfersError: null, odd: [], possible };
    }
    const keys = odd.map((row) => row.key);
    const known = odd.length === 0 ? null : await deps.deadLetters.known(oddRowSource(exchange, 'ledger'), keys);
    const fresh = odd.filter((row) => !known?.has(row.key));
    // A part of the equity shows no step of the whole: the entries stay new until all of it can be read.
    if (fresh.length > 0 && money === null)
      return unknown('an unreadable transfer, and a part of the account that was not read');
    const amounts = fresh.map((row) => row.amountQuote ?? null);
    const netTransfersQuote = net(transfers, amounts);
    return { netTransfersQuote, transfersError: null, odd: fresh, possible: [netTransfersQuote] };
  } catch (error) {
    // Positions are needed by the quorum at once; the equity curve can do without one point.
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

/**
 * An account that holds exactly what was transferred, and no position, shows both sides alike. Without its point, a first deposit
 * that is traded within seconds would leave the curve without the equity before the first fill.
 */
const isNothingElse = ({ money, positions, complete }: AccountState, netTransfersQuote: DecimalText): boolean =>
  money !== null && complete && positions.length === 0 && dec(money.equityQuote).eq(netTransfersQuote);

/** News of money that is believed; there is none of any other. */
const toEvent = ({ money, ...state }: AccountState, trace: Trace): AccountEvent | null =>
  money && {
    v: 1,
    type: 'balance',
    exchange: state.exchange,
    account: state.account,
    equityQuote: money.equityQuote,
    marginUsedQuote: money.marginUsedQuote,
    maintenanceMarginQuote: money.maintenanceMarginQuote,
    venueTimeMs: state.venueTimeMs,
    complete: state.complete,
    trace,
  };
