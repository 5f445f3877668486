import { type FeedStatus, readFeedStatus } from './feed-status.ts';
import { type MarketBundle, readMarketBundle } from './market-bundle.ts';

export type MarketRecord =
  | { readonly kind: 'trades'; readonly bundle: MarketBundle }
  | { readonly kind: 'feed-status'; readonly status: FeedStatus }
  | { readonly kind: 'malformed'; readonly error: string };

/** A record of stream `market`, of whichever type. */
export function readMarketRecord(text: string): MarketRecord {
  try {
    const status = readFeedStatus(text);
    if (status !== null) return { kind: 'feed-status', status };
  } catch (error) {
    return { kind: 'malformed', error: error instanceof Error ? error.message.slice(0, 200) : String(error) };
  }
  const bundle = readMarketBundle(text);
  return bundle.success ? { kind: 'trades', bundle: bundle.data } : { kind: 'malformed', error: bundle.error };
}
