import type { EquityReading } from '#shared/core/portfolio/judge-money.ts';
import { type AccountView, accountView, unreadableView } from '#shared/core/reconciliation/account-view.ts';
import type { ObserverDocument } from './observer-document.ts';

/** One account of an observer's document as the quorum sees it; addresses are compared without regard to case. */
export function observedView(
  source: string,
  document: ObserverDocument | null,
  exchange: string,
  address: string,
): AccountView {
  if (document === null) return unreadableView(source, 'it never wrote a document');
  if (document.exchange !== exchange) return unreadableView(source, `it observes ${document.exchange}`);
  const wanted = address.toLowerCase();
  const entries = Object.entries(document.positions).filter(([key]) => key.toLowerCase() === wanted);
  const [entry, second] = entries;
  if (entry === undefined) return unreadableView(source, 'the account is not in its document');
  if (second !== undefined) return unreadableView(source, 'the account is in its document twice');
  const [, observed] = entry;
  return accountView(source, {
    venueTimeMs: observed.venue_time_ms,
    complete: observed.complete,
    subAccounts: observed.sub_accounts.map(({ unread_coins, ...sub }) => ({
      ...sub,
      unread: unread_coins?.map((coin) => ({ coin })),
    })),
    positions: observed.assetPositions.map(({ position }) => ({ coin: position.coin, size: position.szi })),
  });
}

/** What an observer's document says about the account's equity: nothing, unless it read every sub-account. */
export function observedEquity(
  source: string,
  document: ObserverDocument | null,
  exchange: string,
  address: string,
): EquityReading {
  const silent = { source, equityQuote: null, venueTimeMs: null, mode: null };
  if (document === null || document.exchange !== exchange) return silent;
  const wanted = address.toLowerCase();
  const entries = Object.entries(document.positions).filter(([key]) => key.toLowerCase() === wanted);
  const [, observed] = entries[0] ?? [];
  if (observed === undefined || entries.length > 1 || !observed.complete || observed.marginSummary === null)
    return silent;
  const { accountValue } = observed.marginSummary;
  return {
    source,
    equityQuote: accountValue,
    venueTimeMs: observed.venue_time_ms,
    mode: observed.account_mode ?? null,
  };
}
