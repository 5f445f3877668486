import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import { type DecodedTrades, decodeTradesFast } from './fast-trades-decoder.ts';
import { wireMessageSchema, wireTradeSchema } from './wire-schema.ts';

export interface FrameDrop {
  readonly reason: 'oversized' | 'malformed' | 'unexpected-channel' | 'malformed-trade' | 'unknown-coin';
  /** The offending text, to be cut short by whoever keeps it. */
  readonly sample: string;
}

export type DecodedFrame =
  | { readonly kind: 'trades'; readonly groups: readonly DecodedTrades[]; readonly drops: readonly FrameDrop[] }
  | { readonly kind: 'pong' }
  | { readonly kind: 'subscribed' | 'unsubscribed'; readonly coin: string }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'dropped'; readonly drop: FrameDrop };

export const FRAME_MAX_CHARS = 1_048_576;

const NO_DROPS: readonly FrameDrop[] = [];
const dropped = (reason: FrameDrop['reason'], sample: string): DecodedFrame => ({
  kind: 'dropped',
  drop: { reason, sample },
});

/** Any text frame of the venue. Never throws: what is not understood is a drop with its text. */
export function decodeFrame(text: string, exchange: string, symbolByCoin: ReadonlyMap<string, string>): DecodedFrame {
  if (text.length > FRAME_MAX_CHARS) return dropped('oversized', text);
  const fast = decodeTradesFast(text, exchange, symbolByCoin);
  return fast === null
    ? decodeCarefully(text, exchange, symbolByCoin)
    : { kind: 'trades', groups: [fast], drops: NO_DROPS };
}

/** The same by JSON.parse and schema: slower, for every layout, and the oracle of the fast decoder's test. */
export function decodeCarefully(
  text: string,
  exchange: string,
  symbolByCoin: ReadonlyMap<string, string>,
): DecodedFrame {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return dropped('malformed', text);
  }
  const parsed = wireMessageSchema.safeParse(json);
  if (!parsed.success) {
    const unknownChannel = parsed.error.issues[0]?.path[0] === 'channel';
    return dropped(unknownChannel ? 'unexpected-channel' : 'malformed', text);
  }
  const message = parsed.data;
  switch (message.channel) {
    case 'pong':
      return { kind: 'pong' };
    case 'error':
      return { kind: 'error', message: message.data };
    case 'subscriptionResponse':
      return {
        kind: message.data.method === 'unsubscribe' ? 'unsubscribed' : 'subscribed',
        coin: message.data.subscription.coin ?? '',
      };
    case 'trades':
      return groupBySymbol(message.data, exchange, symbolByCoin);
  }
}

function groupBySymbol(
  trades: readonly unknown[],
  exchange: string,
  symbolByCoin: ReadonlyMap<string, string>,
): DecodedFrame {
  const groups = new Map<string, TradeTick[]>();
  const drops: FrameDrop[] = [];
  for (const item of trades) {
    const parsed = wireTradeSchema.safeParse(item);
    if (!parsed.success) {
      drops.push({ reason: 'malformed-trade', sample: JSON.stringify(item) });
      continue;
    }
    const { coin, side, px, sz, time, tid } = parsed.data;
    const symbol = symbolByCoin.get(coin);
    if (symbol === undefined) {
      drops.push({ reason: 'unknown-coin', sample: coin });
      continue;
    }
    const tick: TradeTick = {
      exchange,
      symbol,
      tradeId: String(tid),
      price: px,
      size: sz,
      side: side === 'B' ? 'buy' : 'sell',
      venueTimeMs: time,
    };
    const group = groups.get(symbol);
    if (group) group.push(tick);
    else groups.set(symbol, [tick]);
  }
  return { kind: 'trades', groups: [...groups].map(([symbol, ticks]) => ({ symbol, ticks })), drops };
}
