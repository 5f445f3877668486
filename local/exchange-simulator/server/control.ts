import * as z from 'zod';
import { Decimal, dec, isDecimalText, ZERO } from '#shared/core/decimal.ts';
import { roundPrice } from '#shared/core/market/tick-rules.ts';
import { epochMs } from '#shared/messages/fields.ts';
import { faultScriptSchema } from '../faults/fault-script.ts';
import { placeOrder } from '../venue/account-orders.ts';
import { keepHistory, touch } from '../venue/clearing.ts';
import { equityByDex, equityOf, withdrawableOf } from '../venue/equity.ts';
import { noteEquity } from '../venue/equity-history.ts';
import { NATIVE } from '../venue/market-spec.ts';
import { dexOf, hashOf, markOf, record, type SimOrder, subOf, type World } from '../venue/world.ts';
import { wireDecimal } from '../wire-number.ts';

const decimalText = z.string().refine(isDecimalText, 'expected a decimal number as text');
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

export const transferSchema = z.strictObject({
  user: address,
  /** `native` or a HIP-3 dex. */
  dex: z.string().max(32).default(NATIVE),
  /** Positive deposits, negative withdraws. */
  amountQuote: decimalText,
});
/** Any word: the platform has to say what it makes of one that it does not know. */
export const accountModeSchema = z.strictObject({ user: address, mode: z.string().min(1).max(64) });
export const manualOrderSchema = z.strictObject({
  user: address,
  coin: z.string().max(64),
  side: z.enum(['buy', 'sell']),
  size: decimalText,
  reduceOnly: z.boolean().default(false),
});
export const vanishSchema = z.strictObject({ user: address, coin: z.string().max(64) });
export const advanceSchema = z.strictObject({ toMs: epochMs.optional() });
export const pathSchema = z.strictObject({ path: z.string().min(1).max(1_000) });
export const faultsSchema = z.strictObject({ faults: faultScriptSchema });
export const targetsSchema = z.strictObject({
  targets: z
    .array(
      z.strictObject({
        user: address,
        coin: z.string().max(64),
        cloid: z.string().max(34),
        targetSize: decimalText,
        epoch: z.string().max(128).optional(),
      }),
    )
    .max(200_000),
});

/** Moves money in or out; refuses more than is withdrawable. Answers the coded problem, or null. */
export function applyTransfer(
  world: World,
  transfer: { readonly user: string; readonly dex: string; readonly amountQuote: string },
): string | null {
  const account = world.accounts.get(transfer.user.toLowerCase());
  if (!account) return 'unknown-account';
  if (transfer.dex !== NATIVE && !world.markets.some((market) => market.spec.dex === transfer.dex))
    return 'unknown-dex';
  const amount = dec(transfer.amountQuote);
  if (amount.neg().gt(withdrawableOf(world, account, transfer.dex)) && amount.isNegative()) return 'not-withdrawable';
  const sub = subOf(account, transfer.dex);
  sub.rawQuote = sub.rawQuote.plus(amount);
  account.depositedQuote = account.depositedQuote.plus(amount);
  const id = world.counters.nextTid;
  world.counters.nextTid += 1;
  world.dirty.counters = true;
  const kind = amount.isNegative() ? 'withdraw' : 'deposit';
  const base = { user: account.spec.address, usdc: wireDecimal(amount.abs()), hash: hashOf(id) };
  record(world, kind, kind === 'withdraw' ? { ...base, nonce: id, fee: '0.0' } : base);
  touch(world, account);
  keepHistory(world, account);
  noteEquity(world, [account], () => equityOf(world, account).toFixed());
  return null;
}

/** Changes how the account keeps its collateral. Answers the coded problem, or null. */
export function setAccountMode(world: World, { user, mode }: z.infer<typeof accountModeSchema>): string | null {
  const account = world.accounts.get(user.toLowerCase());
  if (!account) return 'unknown-account';
  account.mode = mode;
  touch(world, account);
  return null;
}

/**
 * A position is gone without a fill, as if the venue had lost or moved it; its value at the mark price stays, so that equity is what it
 * was. Answers the signed size that is gone, or null when there was none.
 */
export function vanishPosition(world: World, gone: z.infer<typeof vanishSchema>): string | null {
  const account = world.accounts.get(gone.user.toLowerCase());
  const market = world.byCoin.get(gone.coin);
  if (!account || !market) return null;
  const sub = subOf(account, dexOf(market));
  const position = sub.positions.get(gone.coin);
  if (position === undefined) return null;
  const value = position.size.times(markOf(market));
  sub.rawQuote = sub.rawQuote.plus(value).plus(position.isolatedRaw ?? ZERO);
  sub.positions.delete(gone.coin);
  // The venue pays for it: cash stays conserved.
  world.counters.insurance = world.counters.insurance.plus(value);
  world.dirty.counters = true;
  touch(world, account);
  keepHistory(world, account);
  return position.size.toFixed();
}

/** A trade by hand: an order of the master account that did not come over the API. */
export function manualOrder(world: World, order: z.infer<typeof manualOrderSchema>): unknown {
  const account = world.accounts.get(order.user.toLowerCase());
  const market = world.byCoin.get(order.coin);
  if (!account || !market) return { error: account ? 'unknown coin' : 'unknown account' };
  const away = new Decimal(order.side === 'buy' ? '1.05' : '0.95');
  return placeOrder(world, account, {
    market,
    side: order.side,
    size: dec(order.size),
    limitPx: dec(roundPrice(markOf(market).times(away), market.spec.priceRule, 'nearest')),
    tif: 'Ioc',
    reduceOnly: order.reduceOnly,
    cloid: null,
    nonce: null,
    expiresAfter: null,
    origin: 'manual',
    builder: null,
  });
}

const orderRow = (order: SimOrder) => ({
  oid: order.oid,
  cloid: order.cloid,
  user: order.user,
  coin: order.coin,
  side: order.side,
  tif: order.tif,
  limitPx: order.limitPx.toFixed(),
  reduceOnly: order.reduceOnly,
  requested: order.origSz.toFixed(),
  filled: order.filled.toFixed(),
  averagePx: order.filled.isZero() ? null : order.cost.div(order.filled).toFixed(),
  status: order.status,
  acceptedAtMs: order.acceptedAtMs,
  statusAtMs: order.statusAtMs,
  nonce: order.nonce,
  expiresAfter: order.expiresAfter,
  origin: order.origin,
  builder: order.builder,
  accepted: order.origin === 'api' && order.asked !== null,
  positionAtAcceptance: order.positionAtAcceptance.toFixed(),
  askedLow: order.asked?.low.toFixed() ?? null,
  askedHigh: order.asked?.high.toFixed() ?? null,
  overshootLots: order.overshootLots,
});

/** Everything the venue knows, for a judge: see ledger.ts for what overshoot means. */
export function ledgerReport(world: World, firedFaults: readonly unknown[], maxOrders = 20_000) {
  const orders = [...world.orders.values()];
  const accepted = orders.filter((order) => order.origin === 'api' && order.asked !== null);
  const byCloid = new Map<string, number>();
  for (const order of accepted) {
    if (order.cloid === null) continue;
    const key = `${order.user} ${order.cloid}`;
    byCloid.set(key, (byCloid.get(key) ?? 0) + 1);
  }
  return {
    nowMs: world.nowMs,
    maxOvershootLots: world.counters.maxOvershootLots,
    /** Accepted orders that share a client order id with another one. */
    duplicateOrders: [...byCloid.values()].reduce((sum, n) => sum + n - 1, 0),
    /** Orders refused because their client order id was known already. */
    duplicateCloidsRefused: world.counters.duplicateCloids,
    expiredRefused: world.counters.expired,
    refusals: world.counters.refusals,
    acceptedOrders: accepted.length,
    orders: orders.slice(-maxOrders).map(orderRow),
    fills: [...world.accounts.values()].reduce((sum, account) => sum + account.fills.length, 0),
    accounts: [...world.accounts.values()].map((account) => ({
      name: account.spec.name,
      user: account.spec.address,
      equityQuote: equityOf(world, account).toFixed(),
      equityByDex: Object.fromEntries([...equityByDex(world, account)].map(([dex, equity]) => [dex, equity.toFixed()])),
      depositedQuote: account.depositedQuote.toFixed(),
      feesPaidQuote: account.feesPaid.toFixed(),
      fundingReceivedQuote: account.fundingReceived.toFixed(),
      positions: [...account.subs].flatMap(([dex, sub]) =>
        [...sub.positions].map(([coin, position]) => ({ dex, coin, size: position.size.toFixed() })),
      ),
      paths: Object.fromEntries(account.paths),
    })),
    insuranceQuote: world.counters.insurance.toFixed(),
    builderEvents: world.events.filter((event) =>
      ['builder-fee', 'referrer', 'user-signed-action'].includes(event.kind),
    ),
    events: world.events.slice(-5_000),
    firedFaults,
  };
}

/**
 * Cash must be conserved: what was deposited equals what the accounts hold plus what left as fees, less funding received,
 * less what the insurance paid; positions are valued at cost. Answers deposits − everything found: zero unless a bug.
 */
export function cashDifference(world: World): Decimal {
  let difference = world.counters.insurance;
  for (const account of world.accounts.values()) {
    difference = difference.plus(account.depositedQuote).plus(account.fundingReceived).minus(account.feesPaid);
    for (const sub of account.subs.values()) {
      difference = difference.minus(sub.rawQuote);
      for (const position of sub.positions.values()) difference = difference.minus(position.isolatedRaw ?? ZERO);
    }
    // Traded cash: every fill moved −signed size × price.
    for (const fill of account.fills) {
      const value = dec(fill.sz).times(fill.px);
      difference = difference.plus(fill.side === 'B' ? value.neg() : value);
    }
  }
  return difference;
}
