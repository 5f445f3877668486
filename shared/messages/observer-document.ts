import * as z from 'zod';
import { decimalText, epochMs, nameText } from './fields.ts';

const assetPosition = z.looseObject({
  type: z.string(),
  position: z.looseObject({
    coin: z.string().min(1).max(64),
    szi: decimalText,
    marginUsed: decimalText.optional(),
    positionValue: decimalText.optional(),
    entryPx: decimalText.nullish(),
    unrealizedPnl: decimalText.optional(),
  }),
});

/** Which of two would be meant is a guess, and an observer never writes both. */
const namesEachCoinOnce = (positions: readonly z.infer<typeof assetPosition>[]): boolean =>
  new Set(positions.map(({ position }) => position.coin.toUpperCase())).size === positions.length;

/** `GET /3T-observer.json`: the original's document, plus venue times and completeness per sub-account. */
export const observerDocumentSchema = z.object({
  v: z.literal(1),
  observer_id: nameText,
  /** When the observer wrote it (its own clock, ISO 8601). Age is judged by `venue_time_ms`, not by this. */
  timestamp: z.iso.datetime({ offset: true }),
  exchange: nameText,
  positions: z.record(
    z.string(),
    z.object({
      /** Oldest venue time of the sub-accounts below. */
      venue_time_ms: epochMs,
      /** False when any sub-account could not be read: absence of a coin then means nothing. */
      complete: z.boolean(),
      sub_accounts: z.array(
        z.object({
          name: nameText,
          complete: z.boolean(),
          venue_time_ms: epochMs.nullable(),
          error: z.string().max(300).nullable(),
          /** Coins of which a row was there that could not be read: unknown, never flat. */
          unread_coins: z.array(z.string().min(1).max(64)).max(5000).optional(),
        }),
      ),
      /**
       * Null where the account's money is not known whole: the sum of a part is nobody's equity. A reader of the release before calls
       * such a document unreadable; it would not have counted it either.
       */
      marginSummary: z.looseObject({ accountValue: decimalText, totalMarginUsed: decimalText }).nullable(),
      /** How the account keeps its collateral, in the venue's word. */
      account_mode: nameText.nullish(),
      assetPositions: z.array(assetPosition).max(5000).refine(namesEachCoinOnce, 'a coin is there twice'),
    }),
  ),
});
export type ObserverDocument = z.infer<typeof observerDocumentSchema>;

/** Largest document that anyone reads. */
export const OBSERVER_DOCUMENT_BYTES_MAX = 1_048_576;

/** Throws, naming the first problem, when the text is not a document of this observer. */
export function decodeObserverDocument(text: string, observerId: string): ObserverDocument {
  if (text.length > OBSERVER_DOCUMENT_BYTES_MAX) throw new RangeError(`document of ${observerId} is too large`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`document of ${observerId} is not JSON`, { cause });
  }
  const parsed = observerDocumentSchema.safeParse(json);
  if (!parsed.success) throw new TypeError(`document of ${observerId}: ${z.prettifyError(parsed.error).slice(0, 200)}`);
  // Two addresses that serve one observer's document are one witness.
  if (parsed.data.observer_id !== observerId) {
    throw new TypeError(`document of ${observerId} was written by ${parsed.data.observer_id}`);
  }
  return parsed.data;
}

/**
 * {@link decodeObserverDocument} for a reader that asks again and again: a text that did not change is not parsed again. What it
 * gives is frozen, since several readers share it.
 */
export function rememberingDecoder(): (text: string, observerId: string) => ObserverDocument {
  const last = new Map<string, { readonly text: string; readonly document: ObserverDocument }>();
  return (text, observerId) => {
    const known = last.get(observerId);
    if (known?.text === text) return known.document;
    const document = deepFreeze(decodeObserverDocument(text, observerId));
    if (!known && last.size >= OBSERVERS_MAX) last.clear();
    last.set(observerId, { text, document });
    return document;
  };
}

const OBSERVERS_MAX = 16;

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
