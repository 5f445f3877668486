import * as z from 'zod';
import { isTimeframe } from '#shared/core/time.ts';
import { NATIVE } from '../market-specs.ts';
import type { Account, LedgerEvent, SimOrder, WireFill, World } from '../venue/world.ts';
import { clearinghouseState, frontendOrder, wireOrder } from './account-info.ts';
import type { Fault } from './fault-script.ts';
import { allMids, assetContexts, isDex, l2Book, meta, perpDexs, SPOT_CONTEXTS, SPOT_META } from './market-info.ts';

/** Body of `POST /info`: fields beyond `type` depend on it. */
export const infoRequestSchema = z.looseObject({
  type: z.string().max(64),
  user: z.string().max(66).optional(),
  dex: z.string().max(32).optional(),
  coin: z.string().max(64).optional(),
  oid: z.union([z.number(), z.string().max(66)]).optional(),
  startTime: z.number().optional(),
  endTime: z.number().nullable().optional(),
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

export interface Reply {
  readonly status: number;
  readonly body: string;
}

const json = (value: unknown): Reply => ({ status: 200, body: JSON.stringify(value) });
/** What the venue answers to a body that it cannot read. */
export const UNREADABLE: Reply = { status: 422, body: 'Failed to deserialize the JSON body into the target type' };
const NULL_500: Reply = { status: 500, body: 'null' };
const MAX_FILLS = 2_000;
const ADDRESS = /^0x[0-9a-f]{40}$/;

/** Answers one `/info` request; `faults` are those that hit it. */
export function answerInfo(world: World, request: InfoRequest, faults: readonly Fault[]): Reply {
  const dex = request.dex ?? '';
  if (faults.some((fault) => fault.kind === 'dex-failure')) return NULL_500;
  if (!isDex(dex)) return NULL_500;
  if (dex !== '' && faults.some((fault) => fault.kind === 'dex-ignored')) {
    return answerInfo(world, { ...request, dex: '' }, faults);
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
      return market ? json(l2Book(world, market)) : NULL_500;
    }
    case 'candleSnapshot': {
      const market = world.byCoin.get(request.req?.coin ?? '');
      if (!market || !request.req || !isTimeframe(request.req.interval)) return NULL_500;
      const toMs = request.req.endTime ?? world.nowMs;
      return json(market.candles.snapshot(request.req.interval, request.req.startTime, toMs));
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
  const from = request.startTime ?? 0;
  const to = request.endTime ?? Number.POSITIVE_INFINITY;
  switch (request.type) {
    case 'clearinghouseState':
      return json(laggingState(world, account, request.dex || NATIVE, faults));
    case 'spotClearinghouseState':
      return json({ balances: [{ coin: 'USDC', token: 0, total: '0.0', hold: '0.0', entryNtl: '0.0' }] });
    case 'userAbstraction':
      return json('disabled');
    case 'openOrders':
      return json(openOrders(world, user, request.dex ?? '').map(wireOrder));
    case 'frontendOpenOrders':
      return json(openOrders(world, user, request.dex ?? '').map(frontendOrder));
    case 'orderStatus':
      return orderStatus(world, user, request.oid, faults);
    case 'historicalOrders':
      return json(historicalOrders(world, user));
    case 'userFills':
      return json((account?.fills ?? []).slice(-MAX_FILLS).reverse());
    case 'userFillsByTime':
      return json(fillsBetween(account?.fills ?? [], from, to));
    case 'userNonFundingLedgerUpdates':
      return json(updates(world, user, ['deposit', 'withdraw'], from, to));
    case 'userFunding':
      return json(updates(world, user, ['funding'], from, to));
    default:
      return UNREADABLE;
  }
}

function laggingState(world: World, account: Account | undefined, dex: string, faults: readonly Fault[]): unknown {
  let lagMs = 0;
  let offsetMs = 0;
  for (const fault of faults) {
    if (fault.kind === 'snapshot-lag') lagMs = Math.max(lagMs, fault.lagMs);
    if (fault.kind === 'snapshot-time') offsetMs = fault.offsetMs;
  }
  const state = clearinghouseState(world, account, dex, lagMs) as { time: number };
  return { ...state, time: state.time + offsetMs };
}

function openOrders(world: World, user: string, dex: string): SimOrder[] {
  return world.markets
    .filter((market) => (market.spec.dex ?? '') === dex)
    .flatMap((market) => [...market.resting].filter((order) => order.user === user))
    .sort((a, b) => b.oid - a.oid);
}

const statusOf = (order: SimOrder) => ({
  order: frontendOrder(order),
  status: order.status,
  statusTimestamp: order.statusAtMs,
});

function orderStatus(world: World, user: string, oid: number | string | undefined, faults: readonly Fault[]): Reply {
  const found =
    typeof oid === 'string' && oid.startsWith('0x')
      ? world.byCloid.get(`${user} ${oid.toLowerCase()}`)
      : world.orders.get(Number(oid));
  const hidden = faults.some((fault) => fault.kind === 'unknown-oid');
  if (!found || found.user !== user || hidden) return json({ status: 'unknownOid' });
  return json({ status: 'order', order: statusOf(found) });
}

const historicalOrders = (world: World, user: string) =>
  [...world.orders.values()]
    .filter((order) => order.user === user)
    .slice(-MAX_FILLS)
    .reverse()
    .map(statusOf);

function fillsBetween(fills: readonly WireFill[], from: number, to: number): WireFill[] {
  return fills.filter((fill) => fill.time >= from && fill.time <= to).slice(0, MAX_FILLS);
}

function updates(world: World, user: string, kinds: readonly string[], from: number, to: number): unknown[] {
  return world.events
    .filter((event) => kinds.includes(event.kind) && event.user === user && event.atMs >= from && event.atMs <= to)
    .slice(0, MAX_FILLS)
    .map(ledgerUpdate);
}

function ledgerUpdate(event: LedgerEvent): unknown {
  const { kind, atMs, user: _, hash, ...delta } = event;
  return { time: atMs, hash: hash ?? `0x${'0'.repeat(64)}`, delta: { type: kind, ...delta } };
}
