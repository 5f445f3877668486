import * as z from 'zod';
import { Decimal } from '#shared/core/decimal.ts';
import type { Fault } from '../../faults/fault-script.ts';
import { isCandleInterval } from '../../prices/candle-interval.ts';
import { NATIVE } from '../../venue/market-spec.ts';
import type { Account, World } from '../../venue/world.ts';
import { wireDecimal } from '../../wire-number.ts';
import type { Reply } from '../with-faults.ts';
import { clearinghouseState, spotState } from './account-info.ts';
import { isBookView, l2Book } from './book-info.ts';
import { fillsBetween, fundingUpdates, ledgerUpdates, newestFills } from './fill-info.ts';
import {
  allMids,
  assetContexts,
  fundingHistory,
  isDex,
  meta,
  perpDexs,
  SPOT_CONTEXTS,
  SPOT_META,
} from './market-info.ts';
import { frontendOrder, historicalOrders, openOrders, orderStatus, wireOrder } from './order-info.ts';
import { activeAssetData, extraAgents, portfolio, userFees, userRateLimit, userRole } from './user-info.ts';

/** Body of `POST /info`: fields beyond `type` depend on it. */
export const infoRequestSchema = z.looseObject({
  type: z.string().max(64),
  user: z.string().max(66).optional(),
  dex: z.string().max(32).optional(),
  coin: z.string().max(64).optional(),
  oid: z.union([z.number(), z.string().max(66)]).optional(),
  startTime: z.number().nullish(),
  endTime: z.number().nullish(),
  aggregateByTime: z.boolean().nullish(),
  reversed: z.boolean().nullish(),
  nSigFigs: z.number().nullish(),
  mantissa: z.number().nullish(),
  builder: z.string().max(66).optional(),
  req: z
    .looseObject({
      coin: z.string().max(64),
      interval: z.string().max(8),
      startTime: z.number(),
      endTime: z.number().nullable().optional(),
    })
    .optional(),
});
export type InfoRequest = z.infer<typeof infoRequestSchema>;

const json = (value: unknown): Reply => ({ status: 200, body: JSON.stringify(value) });
/** What the venue answers to a body that it cannot read. */
export const UNREADABLE: Reply = { status: 422, body: 'Failed to deserialize the JSON body into the target type' };
const NULL_500: Reply = { status: 500, body: 'null' };
/** What the venue answers about a coin that it does not list. */
const UNKNOWN_COIN = json(null);
const ADDRESS = /^0x[0-9a-f]{40}$/;

/** Answers one `/info` request; `faults` are those that hit it. */
export function answerInfo(world: World, request: InfoRequest, faults: readonly Fault[]): Reply {
  const reply = answerPlainly(world, request, faults);
  const odd = faults.flatMap((fault) => (fault.kind === 'odd-row' ? [fault.row] : []));
  return odd.length === 0 || reply.status !== 200 ? reply : json(withRows(JSON.parse(reply.body), odd));
}

/** The list of an answer with more rows. */
function withRows(body: unknown, odd: readonly unknown[]): unknown {
  if (Array.isArray(body)) return [...body, ...odd];
  const { assetPositions } = (body ?? {}) as { assetPositions?: readonly unknown[] };
  return assetPositions === undefined ? body : { ...(body as object), assetPositions: [...assetPositions, ...odd] };
}

function answerPlainly(world: World, request: InfoRequest, faults: readonly Fault[]): Reply {
  const dex = request.dex ?? '';
  if (faults.some((fault) => fault.kind === 'dex-failure')) return NULL_500;
  if (!isDex(dex)) return NULL_500;
  if (dex !== '' && faults.some((fault) => fault.kind === 'dex-ignored')) {
    return answerPlainly(world, { ...request, dex: '' }, faults);
  }
  switch (request.type) {
    case 'meta':
      return json(meta(world, dex));
    case 'metaAndAssetCtxs':
      return json([meta(world, dex), assetContexts(world, dex)]);
    case 'spotMeta':
      return json(SPOT_META);
    case 'spotMetaAndAssetCtxs':
      return json([SPOT_META, SPOT_CONTEXTS]);
    case 'perpDexs':
      return json(perpDexs(world));
    case 'allMids':
      return json(allMids(world, dex));
    case 'exchangeStatus':
      return json({ specialStatuses: null, time: world.nowMs });
    case 'l2Book': {
      const market = world.byCoin.get(request.coin ?? '');
      const view = { nSigFigs: request.nSigFigs ?? null, mantissa: request.mantissa ?? null, fast: false };
      if (!isBookView(view)) return NULL_500;
      return market ? json(l2Book(world, market, view)) : UNKNOWN_COIN;
    }
    case 'candleSnapshot': {
      if (!request.req || !isCandleInterval(request.req.interval)) return UNREADABLE;
      const market = world.byCoin.get(request.req.coin);
      const toMs = request.req.endTime ?? world.nowMs;
      if (!market) return UNKNOWN_COIN;
      const late = new Set(faults.flatMap((fault) => (fault.kind === 'candle-late' ? [fault.openTimeMs] : [])));
      const bars = market.candles.snapshot(request.req.interval, request.req.startTime, toMs);
      return json(late.size === 0 ? bars : bars.filter((bar) => !late.has(bar.t)));
    }
    case 'fundingHistory': {
      const market = world.byCoin.get(request.coin ?? '');
      const toMs = request.endTime ?? world.nowMs;
      return market ? json(fundingHistory(world, market, request.startTime ?? 0, toMs)) : UNKNOWN_COIN;
    }
    default:
      return answerUser(world, request, faults);
  }
}

function answerUser(world: World, request: InfoRequest, faults: readonly Fault[]): Reply {
  const user = (request.user ?? '').toLowerCase();
  if (!ADDRESS.test(user)) return UNREADABLE;
  // Only the master address has an account; an agent's address reads as an empty one, as on the venue.
  const account = world.accounts.get(user);
  const isDead = faults.some((fault) => fault.kind === 'dead-agent');
  const fromMs = request.startTime ?? 0;
  const toMs = request.endTime ?? Number.POSITIVE_INFINITY;
  switch (request.type) {
    case 'clearinghouseState':
      return json(laggingState(world, account, request.dex || NATIVE, faults));
    case 'spotClearinghouseState':
      return json(spotState(world, account));
    case 'userAbstraction':
      return json(account?.mode ?? 'default');
    case 'openOrders':
      return json(openOrders(world, user, request.dex ?? '').map(wireOrder));
    case 'frontendOpenOrders':
      return json(openOrders(world, user, request.dex ?? '').map(frontendOrder));
    case 'orderStatus':
      return json(
        orderStatus(
          world,
          user,
          request.oid,
          faults.some((fault) => fault.kind === 'unknown-oid'),
        ),
      );
    case 'historicalOrders':
      return json(historicalOrders(world, user));
    case 'userFills':
      return json(newestFills(account?.fills ?? [], request.aggregateByTime ?? false));
    case 'userFillsByTime': {
      const { aggregateByTime, reversed } = request;
      const window = { fromMs, toMs, aggregateByTime: aggregateByTime ?? false, reversed: reversed ?? false };
      return json(fillsBetween(account?.fills ?? [], window));
    }
    case 'userNonFundingLedgerUpdates':
      return json(ledgerUpdates(world, user, fromMs, toMs));
    case 'userFunding':
      return json(fundingUpdates(world, user, fromMs, toMs));
    case 'userFees':
      return json(userFees(world, account));
    case 'userRateLimit':
      return json(userRateLimit(account));
    case 'userRole':
      return json(isDead ? { role: 'missing' } : userRole(world, user));
    case 'extraAgents':
      return json(isDead ? [] : extraAgents(world, account));
    case 'subAccounts':
      // Accounts here have none, which the venue tells as null.
      return json(null);
    case 'maxBuilderFee':
      return json(account?.builderFees.get((request.builder ?? '').toLowerCase()) ?? 0);
    case 'activeAssetData': {
      const market = world.byCoin.get(request.coin ?? '');
      return market ? json(activeAssetData(world, user, account, market)) : UNKNOWN_COIN;
    }
    case 'portfolio':
      return json(portfolio(world, account));
    default:
      return UNREADABLE;
  }
}

function laggingState(world: World, account: Account | undefined, dex: string, faults: readonly Fault[]): unknown {
  let lagMs = 0;
  let offsetMs = 0;
  let factor = 1;
  for (const fault of faults) {
    if (fault.kind === 'snapshot-lag') lagMs = Math.max(lagMs, fault.lagMs);
    if (fault.kind === 'snapshot-time') offsetMs = fault.offsetMs;
    if (fault.kind === 'money-wrong') factor = fault.factor;
  }
  const state = clearinghouseState(world, account, dex, lagMs);
  const { marginSummary, withdrawable } = state;
  const times = (amount: string): string => wireDecimal(new Decimal(amount).times(factor));
  return {
    ...state,
    marginSummary: { ...marginSummary, accountValue: times(marginSummary.accountValue) },
    withdrawable: times(withdrawable),
    time: state.time + offsetMs,
  };
}
