import { dec, decimalText, fitsMicros } from '#shared/core/decimal.ts';
import type { VenuePosition } from '#shared/core/portfolio/account-state.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { VenueFill, VenueOrder, VenueTransfer } from '#shared/ports/exchange.ts';
import { fieldsOf, keyOf, type RowReader, timeOf } from '../wire/sift-rows.ts';
import { dollarsOf, isOtherCoin, symbolOf } from './coin-fields.ts';
import { unifiedSymbol } from './hyperliquid-symbols.ts';
import { readTransfer, type TransferScope } from './ledger-transfers.ts';
import { readStatusWord } from './order-status-words.ts';
import {
  assetPositionSchema,
  fillSchema,
  ledgerEntrySchema,
  venueOrderSchema,
  type WireFill,
  type WireOrder,
} from './wire-schemas.ts';

/** Readers of the rows of an account's lists: each gives a row of the ports, or says what is odd about it. */

/** The tokens that fees are paid in, and whether an amount of it is an amount of quote. A dex may take another dollar. */
const FEE_TOKENS: ReadonlyMap<string, boolean> = new Map([
  ['USDC', true],
  ['USDH', false],
]);

/**
 * Size and side of a fill stand whatever its fee was paid in: in an unfamiliar token the fee is unknown, and nothing else. So it is where
 * it is more than the trade is worth: a mistake, and perhaps more than a database keeps.
 */
function feeProblem({ fee, feeToken, px, sz }: WireFill): string | null {
  if (!FEE_TOKENS.has(feeToken)) return `fee in ${feeToken}`;
  const worth = dec(px).times(sz);
  return dec(fee).abs().lte(worth) && fitsMicros(fee) ? null : `a fee of ${fee} for a fill worth ${decimalText(worth)}`;
}

const labelOfFill: RowReader<unknown>['label'] = (row) => ({
  key: keyOf(row.tid, row.oid),
  symbol: symbolOf(row.coin),
  venueTimeMs: timeOf(row.time),
});

export const fillReader = (user: string): RowReader<VenueFill> => ({
  list: 'fills',
  label: labelOfFill,
  read: (row) => (isOtherCoin(row) ? null : toFill(fillSchema.parse(row), user)),
});

/** Odd for its fee alone: {@link fillReader} reads the fill itself. */
export const feeReader: RowReader<null> = {
  list: 'fees',
  label: labelOfFill,
  read: (row) => {
    const fill = isOtherCoin(row) ? null : fillSchema.safeParse(row);
    const problem = fill?.success ? feeProblem(fill.data) : null;
    if (problem !== null) throw new RangeError(problem);
    return null;
  },
};

const toFill = (fill: WireFill, user: string): VenueFill => ({
  symbol: unifiedSymbol(fill.coin),
  tradeId: fill.tid,
  venueOrderId: fill.oid,
  clientOrderId: fill.cloid ?? null,
  side: fill.side,
  price: fill.px,
  size: fill.sz,
  fee: { amount: fill.fee, currency: fill.feeToken },
  feeQuote: FEE_TOKENS.get(fill.feeToken) === true && feeProblem(fill) === null ? fill.fee : null,
  closedPnlQuote: fill.closedPnl,
  startPosition: fill.startPosition,
  crossed: fill.crossed,
  // The other side of a liquidation carries the same mark; only ours is one of ours.
  liquidation: fill.liquidation?.liquidatedUser.toLowerCase() === user,
  venueTimeMs: fill.time,
});

export const openOrderReader: RowReader<VenueOrder> = {
  list: 'open-orders',
  label: (row) => ({
    key: keyOf(row.oid) ?? keyOf(row.coin),
    symbol: symbolOf(row.coin),
    venueTimeMs: timeOf(row.timestamp),
  }),
  read: (row) => {
    if (isOtherCoin(row)) return null;
    const order = venueOrderSchema.parse(row);
    return toOrder(order, 'open', order.timestamp);
  },
};

/** Throws RangeError for a word that this version does not know. */
export function toOrder(order: WireOrder, word: string, statusTimeMs: EpochMs): VenueOrder {
  const read = readStatusWord(word, order.sz, order.origSz);
  if (read === null) throw new RangeError(`unknown word ${word}`);
  return {
    symbol: unifiedSymbol(order.coin),
    venueOrderId: order.oid,
    clientOrderId: order.cloid ?? null,
    side: order.side,
    originalSize: order.origSz,
    remainingSize: order.sz,
    limitPrice: order.limitPx,
    status: read.status,
    venueStatus: word,
    endCode: read.endCode,
    statusTimeMs,
  };
}

/** Coins that a list of positions of perpetuals names; null stands for a row whose coin cannot be read. */
export const coinsOf = (rows: readonly unknown[]): readonly (string | null)[] =>
  rows.flatMap((row) => {
    const { position } = fieldsOf(row);
    if (isOtherCoin(position)) return [];
    const { coin } = fieldsOf(position);
    return [symbolOf(coin) === null ? null : (coin as string)];
  });

/** `twice`: symbols of which there are several rows; which one is meant would be a guess. */
export const positionReader = (twice: ReadonlySet<string>): RowReader<VenuePosition> => ({
  list: 'positions',
  label: (row) => {
    const { coin } = fieldsOf(row.position);
    return { key: keyOf(coin), symbol: symbolOf(coin), venueTimeMs: null };
  },
  read: (row) => {
    if (isOtherCoin(fieldsOf(row).position)) return null;
    const { position } = assetPositionSchema.parse(row);
    const symbol = unifiedSymbol(position.coin);
    if (twice.has(symbol)) throw new RangeError('its coin is there twice');
    if (position.szi === '0') return null;
    return {
      symbol,
      coin: position.coin,
      size: position.szi,
      entryPrice: position.entryPx ?? null,
      valueQuote: position.positionValue,
      unrealizedPnlQuote: position.unrealizedPnl,
      marginUsedQuote: position.marginUsed,
      liquidationPrice: position.liquidationPx ?? null,
    };
  },
});

export const transferReader = (user: string, scope: TransferScope): RowReader<VenueTransfer> => ({
  list: 'ledger',
  label: (row) => {
    const delta = fieldsOf(row.delta);
    return {
      key: keyOf(row.hash, delta.type),
      symbol: null,
      venueTimeMs: timeOf(row.time),
      amountQuote: dollarsOf(delta),
    };
  },
  read: (row) => readTransfer(ledgerEntrySchema.parse(row), user, scope),
});
