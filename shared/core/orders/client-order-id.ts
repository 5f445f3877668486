import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { assert } from '../assert.ts';
import type { ClientOrderId } from './order.ts';

const TAG = /^[0-9a-f]{8}$/;
const CLIENT_ORDER_ID = /^0x[0-9a-f]{32}$/;
const HASH_BYTES = 12;

/** Version of what is hashed. Ids of orders that were stored under an earlier one stay as they are. */
const VERSION = '2';

/** What makes an order this order, and no content of it. */
export interface OrderIdentity {
  readonly exchange: string;
  readonly account: string;
  readonly symbol: string;
  readonly epoch: number;
  readonly leg: number;
}

/**
 * The client order id (architecture, rule 3.3): `0x`, the installation tag (8 lower-case hex digits), then the first 12 bytes of
 * SHA-256 over `<byte length>:<text>,` of version, exchange, account, symbol, epoch and leg. The lengths make the fields
 * unambiguous. Target, price and clock are content, so two planners that decide at once name the same order.
 */
export function clientOrderId(
  installationTag: string,
  { exchange, account, symbol, epoch, leg }: OrderIdentity,
): ClientOrderId {
  assert(TAG.test(installationTag), 'an installation tag is 8 lower-case hex digits');
  assert(Number.isSafeInteger(epoch) && epoch >= 0, 'an epoch is a whole number');
  assert(Number.isSafeInteger(leg) && leg >= 0, 'a leg is a whole number');
  const text = [VERSION, exchange, account, symbol, String(epoch), String(leg)]
    .map((field) => `${utf8ToBytes(field).length}:${field},`)
    .join('');
  return `0x${installationTag}${bytesToHex(sha256(utf8ToBytes(text)).slice(0, HASH_BYTES))}`;
}

/** The installation tag inside a client order id, or null when the text is not such an id. */
export const installationTagOf = (id: string): string | null => (CLIENT_ORDER_ID.test(id) ? id.slice(2, 10) : null);
