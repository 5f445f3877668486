import { viewTime } from '#shared/core/portfolio/view-time.ts';
import type { ObserverDocument } from '#shared/messages/observer-document.ts';
import type { AccountObserver, ObservedAccount } from '#shared/ports/account-observer.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';

export interface ObserveAccountDeps {
  readonly observer: AccountObserver;
  readonly documents: ObserverDocuments;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export interface ObserveAccountInput {
  readonly observerId: string;
  readonly exchange: string;
  readonly addresses: readonly string[];
}

export interface ObservedAddress {
  readonly address: string;
  /**
   * `kept`: the venue answered with an older view than the one published. `from-the-future`: with one dated well after its
   * arrival. `failed`: not at all. The published view stays and ages.
   */
  readonly kind: 'observed' | 'kept' | 'from-the-future' | 'failed';
  readonly complete: boolean;
  readonly venueTimeMs: number | null;
  readonly error: string | null;
}

export interface ObserveAccountFacts {
  readonly written: boolean;
  /** Why the published document could not be read: this one starts anew. */
  readonly unreadable: string | null;
  readonly addresses: readonly ObservedAddress[];
}

/**
 * Reads each address and publishes one document. An address that cannot be read keeps its last view with its old venue time:
 * readers judge by that time, so silence becomes age and never flat. Writes nothing when nothing new was learned.
 */
export async function observeAccount(
  deps: ObserveAccountDeps,
  input: ObserveAccountInput,
): Promise<ObserveAccountFacts> {
  const { published, unreadable } = await readPublished(deps, input);
  const positions: Record<string, ObservedAccount> = { ...published };
  const addresses: ObservedAddress[] = [];
  for (const address of input.addresses) {
    const before = published[address];
    try {
      const view = await deps.observer.observe(address);
      const venueTimeMs = viewTime(view.venue_time_ms, deps.clock.nowMs());
      if (venueTimeMs === null) {
        addresses.push(fact(address, 'from-the-future', view, null));
        continue;
      }
      const isNewer = before === undefined || venueTimeMs > before.venue_time_ms;
      if (isNewer) positions[address] = { ...view, venue_time_ms: venueTimeMs };
      addresses.push(fact(address, isNewer ? 'observed' : 'kept', view, null));
    } catch (error) {
      addresses.push(fact(address, 'failed', before ?? null, text(error)));
    }
  }
  const written = addresses.some((a) => a.kind === 'observed');
  if (written) {
    await deps.documents.put({
      v: 1,
      observer_id: input.observerId,
      timestamp: new Date(deps.clock.nowMs()).toISOString(),
      exchange: input.exchange,
      positions,
    });
  }
  return { written, unreadable, addresses };
}

/** The document that is out there, cut to the addresses still asked for; nothing when it is unreadable or of another venue. */
async function readPublished(
  deps: ObserveAccountDeps,
  input: ObserveAccountInput,
): Promise<{ readonly published: ObserverDocument['positions']; readonly unreadable: string | null }> {
  let document: ObserverDocument | null;
  try {
    document = await deps.documents.get(input.observerId);
  } catch (error) {
    return { published: {}, unreadable: text(error) };
  }
  if (document === null || document.exchange !== input.exchange) return { published: {}, unreadable: null };
  const { positions } = document;
  const published = Object.fromEntries(input.addresses.flatMap((a) => (positions[a] ? [[a, positions[a]]] : [])));
  return { published, unreadable: null };
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 300);

const fact = (
  address: string,
  kind: ObservedAddress['kind'],
  view: ObservedAccount | null,
  error: string | null,
): ObservedAddress => ({
  address,
  kind,
  complete: view?.complete ?? false,
  venueTimeMs: view?.venue_time_ms ?? null,
  error,
});
