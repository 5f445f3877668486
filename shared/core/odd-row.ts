import type { DecimalText } from './decimal.ts';
import type { EpochMs } from './time.ts';

export const ODD_LISTS = [
  'fills',
  'fees',
  'ledger',
  'open-orders',
  'positions',
  'candles',
  'instruments',
  'marks',
] as const;
export type OddList = (typeof ODD_LISTS)[number];

/** A row of a venue's list that cannot be read, or cannot be true. The rest of the list stands without it. */
export interface OddRow {
  readonly list: OddList;
  /** Names the row within its list: a repeat of it is the same row. At most 150 characters. */
  readonly key: string;
  /** Whose row it is; null when it is nobody's in particular, or even that cannot be read. */
  readonly symbol: string | null;
  /** What is wrong with it. */
  readonly why: string;
  /** JSON as the venue sent it, cut to 4,000 characters. */
  readonly payload: string;
  readonly venueTimeMs: EpochMs | null;
  /** Of a transfer: the most that it may have moved in either direction, in quote; null or absent when that is unknown, too. */
  readonly amountQuote?: DecimalText | null;
}

/** What a list of the venue says: the rows that can be believed, and the odd ones. */
export interface Listed<T> {
  readonly rows: readonly T[];
  readonly odd: readonly OddRow[];
}

/** Source of the dead letters that odd rows of a list become. */
export const oddRowSource = (exchange: string, list: OddList): string => `${exchange}:${list}`;

const KEY_CHARS_MAX = 150;
const WHY_CHARS_MAX = 300;
const PAYLOAD_CHARS_MAX = 4_000;

/** Cuts what is long. Without a key the payload is the row's name. */
export function oddRow(
  row: Omit<OddRow, 'key' | 'payload'> & { readonly key: string | null; readonly row: unknown },
): OddRow {
  const { row: raw, key, why, ...rest } = row;
  const payload = JSON.stringify(raw) ?? String(raw);
  return {
    ...rest,
    key: (key ?? payload).slice(0, KEY_CHARS_MAX),
    why: why.slice(0, WHY_CHARS_MAX),
    payload: payload.slice(0, PAYLOAD_CHARS_MAX),
  };
}

/** In words, for a job that went well but for these: null when there are none. */
export function partlyText(odd: readonly OddRow[]): string | null {
  const [first] = odd;
  if (first === undefined) return null;
  const more = odd.length > 1 ? ` and ${odd.length - 1} more` : '';
  return `${first.list}: ${first.symbol ?? first.key.slice(0, 60)} cannot be read (${first.why.slice(0, 120)})${more}`;
}
