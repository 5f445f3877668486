import { DAY_MS, type EpochMs } from '../time.ts';

/** What the venue knows of the key that signs for an account. */
export type KeyCheck =
  /** It may sign. `validUntilMs` null: for as long as nobody revokes it, or the venue does not say. */
  | { readonly kind: 'ok'; readonly validUntilMs: EpochMs | null }
  /** It may not: no order, exit or cancel of the account gets through. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The venue could not be asked. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Code of an order, a cancel or a leverage that the venue refused because of the key that signed it. */
export const KEY_REFUSED = 'key-refused';

/** A working key is looked at this often, a refused one each minute: a new one may have been put in its place. */
export const KEY_CHECK_EVERY_MS = 900_000;
export const REFUSED_KEY_CHECK_EVERY_MS = 60_000;
/** How long before its end an agent's replacement is asked for. */
const EXPIRES_SOON_MS = 7 * DAY_MS;

/** The alert that a check asks for, or null. One episode for each account. */
export function keyAlert(exchange: string, account: string, check: KeyCheck, nowMs: EpochMs) {
  const common = { exchange, symbol: null } as const;
  if (check.kind === 'refused') {
    return {
      ...common,
      id: `${KEY_REFUSED}:${exchange}:${account}`,
      kind: 'trading-key-refused',
      severity: 'critical' as const,
      message: `no order of account ${account} can get through, exits included: ${check.reason}`,
      detail: { account, reason: check.reason },
    };
  }
  if (check.kind !== 'ok' || check.validUntilMs === null || check.validUntilMs - nowMs > EXPIRES_SOON_MS) return null;
  const { validUntilMs } = check;
  return {
    ...common,
    id: `key-expiring:${exchange}:${account}:${validUntilMs}`,
    kind: 'trading-key-expiring',
    severity: 'warning' as const,
    message: `the trading key of account ${account} ends at ${new Date(validUntilMs).toISOString()}: then no order gets through`,
    detail: { account, validUntilMs },
  };
}
