import type { World } from '../../venue/world.ts';
import { bbo, l2Book } from './book-info.ts';
import { newestFills, newestFundings } from './fill-info.ts';
import { allMids, assetContext } from './market-info.ts';
import type { Subscription } from './subscriptions.ts';

const BACKFILL = 30;

/** The frame that a new subscriber gets at once; null where the venue sends none. */
export function snapshotOf(world: World, subscription: Subscription): { channel: string; data: unknown } | null {
  const { type } = subscription;
  if (type === 'allMids') {
    const { dex } = subscription;
    return { channel: type, data: { ...(dex ? { dex } : {}), mids: allMids(world, dex ?? '') } };
  }
  if ('user' in subscription) {
    const { user } = subscription;
    if (type === 'userFundings') {
      return { channel: type, data: { isSnapshot: true, user, fundings: newestFundings(world, user) } };
    }
    if (type !== 'userFills') return null;
    const fills = newestFills(world.accounts.get(user)?.fills ?? [], subscription.aggregateByTime ?? false);
    return { channel: type, data: { isSnapshot: true, user, fills } };
  }
  const { coin } = subscription;
  const market = world.byCoin.get(coin);
  if (!market || market.lastTradeMs === 0) return null;
  if (type === 'trades') {
    const backfill = market.tape.slice(-BACKFILL);
    return backfill.length > 0 ? { channel: type, data: backfill } : null;
  }
  if (type === 'bbo') return { channel: type, data: bbo(world, market) };
  if (type === 'l2Book') return { channel: type, data: l2Book(world, market, subscription) };
  return type === 'activeAssetCtx' ? { channel: type, data: { coin, ctx: assetContext(world, market) } } : null;
}
