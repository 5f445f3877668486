import { type RequestLoad, weightPerMinute } from './hyperliquid/request-weights.ts';

const BY_VENUE = { hyperliquid: weightPerMinute } as const;

/** Weight a minute of each scheduled job in the venue's own unit, as `{ order_tracker: 1200, … }`. */
export const requestWeightPerMinute = (
  venue: keyof typeof BY_VENUE,
  load: RequestLoad,
): Readonly<Record<string, number>> => BY_VENUE[venue](load);
