import { checkOrder } from '#shared/core/matching/match-order.ts';
import { cancelOrder, type NewOrder, type OrderAnswer, placeOrder, REFUSALS, rulesOf } from './account-orders.ts';
import { type Account, markOf, positionOf, type SimOrder, type World } from './world.ts';

/**
 * Replaces an open order by another of the same coin, with a new id. What is wrong with the new order by itself leaves the old one
 * alone; what the book or the account refuses is found only after the old one is gone.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint#modify-an-order
 */
export function modifyOrder(
  world: World,
  account: Account,
  old: SimOrder | undefined,
  request: Omit<NewOrder, 'replaces'>,
): OrderAnswer {
  const { market } = request;
  const own = old?.user === account.spec.address && old.coin === market.spec.coin;
  if (!own || old.status !== 'open') return { error: 'Cannot modify canceled or filled order', code: 'not-open' };
  const order = { ...request, limitPrice: request.limitPx, timeInForce: request.tif };
  const rules = rulesOf(world, market);
  const refused = checkOrder(order, rules, positionOf(account, market).size, markOf(market));
  if (refused) return { error: `${REFUSALS[refused.code].text} asset=${market.spec.assetId}`, code: refused.code };
  cancelOrder(world, old);
  const answer = placeOrder(world, account, { ...request, replaces: old });
  return 'error' in answer ? { ...answer, error: `Error placing new order during modify: ${answer.error}` } : answer;
}
