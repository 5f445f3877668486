import * as z from 'zod';
import { isCandleInterval } from '../../prices/candle-interval.ts';
import type { World } from '../../venue/world.ts';
import { type BookView, isBookView } from './book-info.ts';
import { isDex } from './market-info.ts';

const coin = z.string().max(64);
const user = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .toLowerCase();
const ofCoin = <T extends string>(type: T) => z.object({ type: z.literal(type), coin });
const ofUser = <T extends string>(type: T) => z.object({ type: z.literal(type), user });

/** Read into the form in which the venue repeats it: known fields, with the defaults of a book. */
const subscriptionSchema = z.discriminatedUnion('type', [
  ofCoin('trades'),
  ofCoin('bbo'),
  ofCoin('activeAssetCtx'),
  z
    .object({
      type: z.literal('l2Book'),
      coin,
      nSigFigs: z.number().int().nullish(),
      mantissa: z.number().int().nullish(),
      fast: z.boolean().nullish(),
    })
    .transform(({ type, coin, nSigFigs, mantissa, fast }) => ({
      type,
      coin,
      nSigFigs: nSigFigs ?? null,
      mantissa: mantissa ?? null,
      fast: fast ?? false,
    })),
  z.object({ type: z.literal('candle'), interval: z.string().max(8), coin }),
  z.object({ type: z.literal('allMids'), dex: z.string().max(32).optional() }),
  z.object({ type: z.literal('userFills'), user, aggregateByTime: z.boolean().optional() }),
  ofUser('orderUpdates'),
  ofUser('userEvents'),
  ofUser('userFundings'),
]);
export type Subscription = z.infer<typeof subscriptionSchema>;

/** Null when the venue could not even read it: a type that it has not, a coin that is no text, no address. */
export function readSubscription(raw: unknown): Subscription | null {
  const parsed = subscriptionSchema.safeParse(raw);
  return parsed.success ? parsed.data : null;
}

/** Who listens to the same has the same key. */
export function keyOf(subscription: Subscription): string {
  switch (subscription.type) {
    case 'l2Book':
      return bookKey(subscription.coin, subscription);
    case 'candle':
      return `candle ${subscription.coin} ${subscription.interval}`;
    case 'allMids':
      return `allMids ${subscription.dex ?? ''}`;
    case 'userFills':
      return `userFills ${subscription.user}${subscription.aggregateByTime ? ' aggregated' : ''}`;
    default:
      return `${subscription.type} ${'coin' in subscription ? subscription.coin : subscription.user}`;
  }
}

/** A book is told apart by its significant figures, mantissa and depth. */
export const bookKey = (coin: string, { nSigFigs, mantissa, fast }: BookView): string =>
  `l2Book ${coin} ${nSigFigs} ${mantissa} ${fast}`;

/**
 * What becomes of it: `closed` is the whole socket, without a word, as the venue does for a book of a coin or in a form that there is
 * not (seen in September 2026); other unknown coins are an error.
 */
export function admission(world: World, subscription: Subscription): 'admitted' | 'invalid' | 'closed' {
  const { type } = subscription;
  if (type === 'allMids') return isDex(subscription.dex ?? '') ? 'admitted' : 'invalid';
  if ('user' in subscription) return 'admitted';
  const isListed = world.byCoin.has(subscription.coin);
  if (type === 'l2Book') return isListed && isBookView(subscription) ? 'admitted' : 'closed';
  if (type === 'bbo') return isListed ? 'admitted' : 'closed';
  return isListed && (type !== 'candle' || isCandleInterval(subscription.interval)) ? 'admitted' : 'invalid';
}
