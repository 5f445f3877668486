import type { Instrument } from '#shared/core/market/instrument.ts';
import type { TradeTick } from '#shared/core/market/trade-tick.ts';
import type { EpochMs } from '#shared/core/time.ts';

/** What a feed must know of an instrument. */
export type FeedInstrument = Pick<Instrument, 'symbol' | 'venueSymbol' | 'subAccount'>;

/** Well-formed trades of one symbol, as the venue sent them: duplicates and disorder are the receiver's to settle. */
export interface TradeBatch {
  readonly symbol: string;
  /** Never empty. */
  readonly ticks: readonly TradeTick[];
  /**
   * First trades of the symbol since the feed (re)connected. Unless one of them was seen before, trades before them may be
   * missing. Also set when the feed itself had to drop trades of the symbol.
   */
  readonly resumed: boolean;
  /** Local time of arrival. */
  readonly receivedAtMs: EpochMs;
}

/** Called on arrival, one batch after the other; must not throw. */
export type TradeListener = (batch: TradeBatch) => void;

/** Why prices do not come. */
export interface FeedTrouble {
  /** `refused`: the venue answers, and refuses what is asked for. */
  readonly code: 'refused' | 'not-connected' | 'closed' | 'unanswered' | 'not-sent' | 'silent' | 'poll-failed';
  /** In the venue's words where it has said any; at most 200 characters. */
  readonly message: string;
  /** Symbols that it concerns, at most 50; empty: every one. */
  readonly symbols: readonly string[];
  readonly sinceMs: EpochMs;
}

export interface FeedHealth {
  readonly mode: 'websocket' | 'polling';
  readonly connected: boolean;
  /** Milliseconds since the last trade or price of any symbol; null before the first. */
  readonly dataAgeMs: number | null;
  /** Symbols without data for longer than the feed tolerates, with their age (null: never); at most 50. */
  readonly silentSymbols: readonly { readonly symbol: string; readonly ageMs: number | null }[];
  readonly symbolCount: number;
  /** Reconnections (or failed polls) since the last healthy minute. */
  readonly failedAttempts: number;
  /** Lasts over reconnections until data flow again; null when there is none. */
  readonly trouble: FeedTrouble | null;
}

/** Monotonic counters since the start of the process. */
export interface FeedCounters {
  /** Messages received (frames of a socket, replies to polls), bad ones included. */
  readonly framesReceived: number;
  /** Trades handed to the listener. */
  readonly tradesDelivered: number;
  readonly connectsStarted: number;
  readonly connectsOpened: number;
  readonly pingsSent: number;
  /** Dropped messages or trades by reason code. */
  readonly drops: Readonly<Record<string, number>>;
}

/** Public trades or prices of a set of symbols, for ever: reconnects by itself. */
export interface PriceFeed {
  start(listener: TradeListener): void;
  /** Replaces the set of symbols; may be called before and after start. */
  setInstruments(instruments: readonly FeedInstrument[]): void;
  /** No listener call after it resolves. */
  stop(): Promise<void>;
  health(): FeedHealth;
  counters(): FeedCounters;
  /** The newest dropped messages or trades, cut short, for the log; bounded. */
  dropSamples(): readonly { readonly reason: string; readonly sample: string; readonly atMs: EpochMs }[];
}
