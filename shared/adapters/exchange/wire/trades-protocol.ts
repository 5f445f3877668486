import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { DropCode } from '#shared/telemetry/count-drop.ts';

/** The trades of one symbol in one frame. Never empty. */
export interface DecodedTrades {
  readonly symbol: string;
  readonly ticks: readonly TradeTick[];
}

/** A frame, or a trade of one, that is not taken. */
export interface FrameDrop {
  readonly reason: DropCode<'feed'>;
  /** The offending text, to be cut short by whoever keeps it. */
  readonly sample: string;
  /** Venue symbols whose trades it may have held: they have a hole until the next batch proves otherwise. */
  readonly suspects: readonly string[] | 'all';
}

/** What one text frame of the venue says, in venue symbols where it answers a request. */
export type DecodedFrame =
  | { readonly kind: 'trades'; readonly groups: readonly DecodedTrades[]; readonly drops: readonly FrameDrop[] }
  /** Asks for nothing: a pong, an answer to something that was not asked for any more. */
  | { readonly kind: 'noted' }
  | { readonly kind: 'subscribed'; readonly venueSymbols: readonly string[] }
  /** A refusal or an error. No symbols: it may concern every one. */
  | { readonly kind: 'refused'; readonly venueSymbols: readonly string[]; readonly message: string }
  | { readonly kind: 'dropped'; readonly drop: FrameDrop };

/** A venue's public trades over a socket, as far as venues differ. May remember requests: one value for one feed. */
export interface TradesProtocol {
  /** Symbols that one connection may ask for. */
  readonly subscriptionsMax: number;
  /** Sent after silence, to be answered by anything; null where the venue has none and pings by itself. */
  readonly ping: string | null;
  /** Messages that ask for these symbols' trades, or end that: one for each, or all in one. */
  requests(method: 'subscribe' | 'unsubscribe', venueSymbols: readonly string[]): readonly string[];
  /** Never throws: what is not understood is dropped, with its text. */
  decode(text: string, symbolByVenueSymbol: ReadonlyMap<string, string>): DecodedFrame;
}
