import * as z from 'zod';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import { epochMs, nameText, symbolText } from './fields.ts';

/** Why prices do not come, as the feed knows it. */
export const feedTroubleSchema = z.object({
  code: z.string().min(1).max(32),
  message: z.string().max(200),
  /** Empty: every symbol. */
  symbols: z.array(symbolText).max(50),
  sinceMs: epochMs,
});

/**
 * Stream `market`, partition key the exchange: the producer says that prices do not come, or come again. Between the trades, since
 * what writes it may only read the database.
 */
export const feedStatusSchema = z.object({
  v: z.literal(1),
  type: z.literal('feed-status'),
  exchange: nameText,
  atMs: epochMs,
  trouble: feedTroubleSchema.nullable(),
});
export type FeedStatus = z.infer<typeof feedStatusSchema>;

const BEGINNING = '{"v":1,"type":"feed-status",';

export const encodeFeedStatus = ({ exchange, atMs, trouble }: Omit<FeedStatus, 'v' | 'type'>): string =>
  `${BEGINNING}${JSON.stringify({ exchange, atMs, trouble }).slice(1)}`;

/** Null for a record of another type: nearly all are trades, which must not be parsed twice. Throws when it is malformed. */
export const readFeedStatus = (text: string): FeedStatus | null =>
  text.startsWith(BEGINNING) ? feedStatusSchema.parse(JSON.parse(text)) : null;

export type FeedTroubleView = z.infer<typeof feedTroubleSchema>;

interface JobRow {
  readonly job: string;
  readonly lastError: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What the feed last said of itself, from its row among the jobs'. */
export function feedTroubleOf(jobs: readonly JobRow[]): FeedTroubleView | null {
  const row = jobs.find(({ job }) => job === SYSTEM_JOBS.priceFeed);
  const parsed = feedTroubleSchema.safeParse(row?.lastError ? row.detail.trouble : null);
  return parsed.success ? parsed.data : null;
}

/** The sentence for a symbol that it concerns; null for the others. */
export const causeFor = (trouble: FeedTroubleView | null, symbol: string): string | null =>
  trouble !== null && (trouble.symbols.length === 0 || trouble.symbols.includes(symbol))
    ? feedTroubleText(trouble)
    : null;

/** In a sentence, for status, alerts and `/ready`. */
export function feedTroubleText({ code, message, symbols }: FeedTroubleView): string {
  const whose = symbols.length === 0 ? 'all symbols' : symbols.join(', ');
  if (code === 'refused') return `the venue refuses the prices of ${whose}: ${message}`;
  return `no prices of ${whose}, the feed is ${code}: ${message}`;
}
