import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { DecodedFrame, FrameDrop } from '../wire/trades-protocol.ts';
import { decodeTradesFast } from './fast-trades-decoder.ts';
import { wireMessageSchema, wireTradeSchema } from './frame-schema.ts';

export const FRAME_MAX_CHARS = 1_048_576;

const COIN = /"coin":\s*"([^"\\]{1,32})"/;
const HEAD_CHARS = 500;
const NO_DROPS: readonly FrameDrop[] = [];
const NOTED: DecodedFrame = { kind: 'noted' };

type DropReason = 'oversized' | 'malformed' | 'unexpected-channel' | 'malformed-trade' | 'unknown-coin';

/** Its coin where it names one; every symbol where it might have been trades of any. */
function suspectsOf(reason: DropReason, sample: string): FrameDrop['suspects'] {
  if (reason === 'unknown-coin' || reason === 'unexpected-channel') return [];
  const head = sample.slice(0, HEAD_CHARS);
  const coin = COIN.exec(head)?.[1];
  if (coin !== undefined) return [coin];
  return head.includes('"trades"') ? 'all' : [];
}

const drop = (reason: DropReason, sample: string): FrameDrop => ({
  reason,
  sample,
  suspects: suspectsOf(reason, sample),
});
const dropped = (reason: DropReason, sample: string): DecodedFrame => ({
  kind: 'dropped',
  drop: drop(reason, sample),
});

/** An error may only say that what was asked for is so already. */
function readError(message: string): DecodedFrame {
  const coin = COIN.exec(message)?.[1];
  const venueSymbols = coin === undefined ? [] : [coin];
  if (message.startsWith('Already unsubscribed')) return NOTED;
  if (message.startsWith('Already subscribed')) return { kind: 'subscribed', venueSymbols };
  return { kind: 'refused', venueSymbols, message };
}

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
      return NOTED;
    case 'error':
      return readError(message.data);
    case 'subscriptionResponse':
      if (message.data.method === 'unsubscribe') return NOTED;
      return { kind: 'subscribed', venueSymbols: [message.data.subscription.coin ?? ''] };
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
      drops.push(drop('malformed-trade', JSON.stringify(item)));
      continue;
    }
    const { coin, side, px, sz, time, tid } = parsed.data;
    const symbol = symbolByCoin.get(coin);
    if (symbol === undefined) {
      drops.push(drop('unknown-coin', coin));
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
