import * as z from 'zod';
import type { PollingProtocol, PricePoll } from '../wire/polling-feed.ts';

const midsSchema = z.record(z.string().max(64), z.unknown());

/** Mid prices by `allMids`: one request for the native dex and one for each HIP-3 dex. */
export const hyperliquidMids: PollingProtocol = {
  polls: (instruments): readonly PricePoll[] => {
    const dexes = [...new Set(instruments.map(({ subAccount }) => subAccount ?? ''))].sort();
    return dexes.map((dex) => ({
      name: dex || 'native',
      path: '/info',
      body: JSON.stringify(dex === '' ? { type: 'allMids' } : { type: 'allMids', dex }),
      symbols: new Map(instruments.filter((i) => (i.subAccount ?? '') === dex).map((i) => [i.venueSymbol, i.symbol])),
    }));
  },
  prices: (answer) => midsSchema.safeParse(answer).data ?? null,
};
