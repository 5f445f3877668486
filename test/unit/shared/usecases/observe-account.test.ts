import { describe, expect, it } from 'vitest';
import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import type { ObservedAccount } from '#shared/ports/account-observer.ts';
import { observeAccount } from '#shared/usecases/observe-account.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { ACCOUNT, anObserverDocument } from '#test/support/system.ts';

const OTHER = '0x00000000000000000000000000000000000000bb';
const view = (venueTimeMs: number): ObservedAccount => anObserverDocument('o', venueTimeMs).positions[ACCOUNT]!;

function platform(addresses: readonly string[] = [ACCOUNT, OTHER]) {
  const views = new Map<string, ObservedAccount | Error>(addresses.map((a) => [a, view(5_000)]));
  const documents = memoryObserverDocuments();
  const observer = {
    observe: async (address: string) => {
      const answer = views.get(address);
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('unknown address');
      return answer;
    },
  };
  const observe = () =>
    observeAccount(
      { observer, documents, clock: manualClock(9_000) },
      { observerId: 'observer-1', exchange: 'hyperliquid', addresses },
    );
  return { views, documents, observe, published: () => documents.get('observer-1') };
}

describe('observeAccount', () => {
  it('publishes every address with its venue time', async () => {
    const { observe, published } = platform();

    expect(await observe()).toMatchObject({ written: true, addresses: [{ kind: 'observed' }, { kind: 'observed' }] });

    expect(await published()).toMatchObject({
      observer_id: 'observer-1',
      exchange: 'hyperliquid',
      timestamp: new Date(9_000).toISOString(),
      positions: { [ACCOUNT]: { venue_time_ms: 5_000 }, [OTHER]: { venue_time_ms: 5_000 } },
    });
  });

  it('keeps the last view of an address that cannot be read: silence becomes age, not flat', async () => {
    const { views, observe, published } = platform();
    await observe();
    views.set(ACCOUNT, new Error('502'));
    views.set(OTHER, view(7_000));

    const facts = await observe();

    expect(facts.addresses).toMatchObject([{ kind: 'failed', error: '502', venueTimeMs: 5_000 }, { kind: 'observed' }]);
    expect(await published()).toMatchObject({
      positions: { [ACCOUNT]: { venue_time_ms: 5_000 }, [OTHER]: { venue_time_ms: 7_000 } },
    });
  });

  it('does not go back in time', async () => {
    const { views, observe, published } = platform([ACCOUNT]);
    await observe();
    views.set(ACCOUNT, view(4_000));

    expect(await observe()).toMatchObject({ written: false, addresses: [{ kind: 'kept' }] });
    expect(await published()).toMatchObject({ positions: { [ACCOUNT]: { venue_time_ms: 5_000 } } });
  });

  it('does not believe a view dated well after its arrival, and publishes the next true one', async () => {
    const { views, observe, published } = platform([ACCOUNT]);
    views.set(ACCOUNT, view(600_000));

    expect(await observe()).toMatchObject({ written: false, addresses: [{ kind: 'from-the-future' }] });
    expect(await published()).toBeNull();

    views.set(ACCOUNT, view(8_000));
    expect(await observe()).toMatchObject({ written: true, addresses: [{ kind: 'observed' }] });
    expect(await published()).toMatchObject({ positions: { [ACCOUNT]: { venue_time_ms: 8_000 } } });
  });

  it('dates a view of a clock that is a little ahead by its arrival', async () => {
    const { views, observe, published } = platform([ACCOUNT]);
    views.set(ACCOUNT, view(12_000));

    await observe();

    expect(await published()).toMatchObject({ positions: { [ACCOUNT]: { venue_time_ms: 9_000 } } });
  });

  it('writes nothing when nothing could be read', async () => {
    const { views, observe, published } = platform([ACCOUNT]);
    views.set(ACCOUNT, new Error('timeout'));

    expect(await observe()).toMatchObject({ written: false, addresses: [{ kind: 'failed' }] });
    expect(await published()).toBeNull();
  });

  it('starts anew when the published document is unreadable, and says so', async () => {
    const { documents, observe, published } = platform([ACCOUNT]);
    await observe();
    const { get } = documents;
    documents.get = async () => Promise.reject(new Error('not JSON'));

    expect(await observe()).toMatchObject({ written: true, unreadable: 'not JSON' });
    documents.get = get;
    expect(await observe()).toMatchObject({ written: false, unreadable: null });
    expect(await published()).toMatchObject({ positions: { [ACCOUNT]: { venue_time_ms: 5_000 } } });
  });

  it('starts anew when the published document is of another venue', async () => {
    const { documents, observe, published } = platform([ACCOUNT]);
    await documents.put({ ...anObserverDocument('observer-1', 8_000), exchange: 'other' });

    expect(await observe()).toMatchObject({ written: true });
    expect(await published()).toMatchObject({
      exchange: 'hyperliquid',
      positions: { [ACCOUNT]: { venue_time_ms: 5_000 } },
    });
  });
});
