import * as z from 'zod';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { FeedProtocols } from '../wire/open-feed.ts';
import type { PollingProtocol } from '../wire/polling-feed.ts';
import { positive, time } from '../wire/reply-fields.ts';
import { fieldsOf } from '../wire/sift-rows.ts';
import type { DecodedFrame, FrameDrop, TradesProtocol } from '../wire/trades-protocol.ts';

/** Of 1,024 that a connection may have; ccxt counts to as many. */
const SUBSCRIPTIONS_MAX = 200;
/** A connection may send 10 messages a second: one for many symbols. */
const STREAMS_A_MESSAGE = 100;
const FRAME_CHARS_MAX = 1_048_576;
const REMEMBERED_MAX = 1_000;

const tradeSchema = z.looseObject({
  e: z.literal('aggTrade'),
  s: z.string().min(1).max(64),
  a: z.int().min(0),
  p: positive,
  q: positive,
  T: time,
  m: z.boolean(),
});
const answerSchema = z.looseObject({ id: z.int(), result: z.null() });
const errorSchema = z.looseObject({ code: z.int(), msg: z.string() });

/** Aggregated trades, of the path `/market/ws` (docs/venues/binance-usdm.md): elsewhere they are acknowledged and stay silent. */
export function usdmTrades(exchange: string): TradesProtocol {
  const asked = new Map<number, readonly string[]>();
  let id = 0;

  function request(method: string, venueSymbols: readonly string[]): string {
    id += 1;
    if (method === 'subscribe') asked.set(id, venueSymbols);
    if (asked.size > REMEMBERED_MAX) asked.delete(asked.keys().next().value ?? 0);
    const params = venueSymbols.map((symbol) => `${symbol.toLowerCase()}@aggTrade`);
    return JSON.stringify({ method: method.toUpperCase(), params, id });
  }

  function answered(of: unknown): readonly string[] {
    const venueSymbols = typeof of === 'number' ? asked.get(of) : undefined;
    if (typeof of === 'number') asked.delete(of);
    return venueSymbols ?? [];
  }

  return {
    subscriptionsMax: SUBSCRIPTIONS_MAX,
    // The venue pings by frames, which the socket answers by itself.
    ping: null,
    requests: (method, venueSymbols) =>
      Array.from({ length: Math.ceil(venueSymbols.length / STREAMS_A_MESSAGE) }, (_, i) =>
        request(method, venueSymbols.slice(i * STREAMS_A_MESSAGE, (i + 1) * STREAMS_A_MESSAGE)),
      ),
    decode(text, symbolByVenueSymbol) {
      const json = text.length > FRAME_CHARS_MAX ? undefined : parsed(text);
      if (json === undefined) return dropped(text.length > FRAME_CHARS_MAX ? 'oversized' : 'malformed', text, 'all');
      const fields = fieldsOf(json);
      if (fields.e !== undefined) return trade(exchange, json, text, symbolByVenueSymbol);
      if (answerSchema.safeParse(json).success) {
        const venueSymbols = answered(fields.id);
        return venueSymbols.length === 0 ? { kind: 'noted' } : { kind: 'subscribed', venueSymbols };
      }
      const refusal = errorSchema.safeParse(fields.error ?? json).data;
      if (refusal === undefined) return dropped('unexpected-channel', text, []);
      return { kind: 'refused', venueSymbols: answered(fields.id), message: `${refusal.code}: ${refusal.msg}` };
    },
  };
}

function trade(exchange: string, json: unknown, text: string, symbols: ReadonlyMap<string, string>): DecodedFrame {
  const { e, s, st } = fieldsOf(json);
  // 2: COIN-M, whose trades travel in the same streams.
  if (st === 2) return { kind: 'noted' };
  const read = tradeSchema.safeParse(json).data;
  if (read === undefined) {
    return dropped(
      e === 'aggTrade' ? 'malformed-trade' : 'unexpected-channel',
      text,
      typeof s === 'string' ? [s] : 'all',
    );
  }
  const symbol = symbols.get(read.s);
  if (symbol === undefined) return dropped('unknown-coin', read.s, []);
  const { p: price, q: size, T: venueTimeMs, m: isTakerSelling, a } = read;
  const side = isTakerSelling ? ('sell' as const) : ('buy' as const);
  const tick: TradeTick = { exchange, symbol, tradeId: String(a), price, size, side, venueTimeMs };
  return { kind: 'trades', groups: [{ symbol, ticks: [tick] }], drops: [] };
}

const dropped = (reason: FrameDrop['reason'], sample: string, suspects: FrameDrop['suspects']): DecodedFrame => ({
  kind: 'dropped',
  drop: { reason, sample, suspects },
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const marksSchema = z.array(z.looseObject({ symbol: z.string().max(64), markPrice: z.unknown() })).max(10_000);

/** Mark prices of everything, in one request. */
const usdmMarks: PollingProtocol = {
  polls: (instruments) => [
    {
      ...{ name: 'premiumIndex', path: '/fapi/v1/premiumIndex', body: null },
      symbols: new Map(instruments.map(({ venueSymbol, symbol }) => [venueSymbol, symbol])),
    },
  ],
  prices: (answer) => {
    const list = marksSchema.safeParse(answer).data;
    return list === undefined ? null : Object.fromEntries(list.map(({ symbol, markPrice }) => [symbol, markPrice]));
  },
};

export const BINANCE_USDM_FEED: FeedProtocols = { trades: usdmTrades, prices: usdmMarks };
