import type { Decimal } from '#shared/core/decimal.ts';
import { DAY_MS } from '#shared/core/time.ts';
import { cancelAll } from './account-orders.ts';
import { touch } from './clearing.ts';
import { record, type World } from './world.ts';

const MAX_TRIGGERS_A_DAY = 10;
/** What an account must have traded before. */
const REQUIRED_QUOTE = 1_000_000;

/** Fires the dead man's switches that are due. */
export function runScheduledCancels(world: World): void {
  for (const account of world.accounts.values()) {
    if (account.scheduledCancelAtMs === null || account.scheduledCancelAtMs > world.nowMs) continue;
    account.scheduledCancelAtMs = null;
    const day = Math.floor(world.nowMs / DAY_MS);
    const { day: before, count } = account.scheduledTriggers;
    account.scheduledTriggers = { day, count: before === day ? count + 1 : 1 };
    const cancelled = cancelAll(world, account, null, 'scheduledCancel');
    record(world, 'scheduled-cancel', { user: account.spec.address, cancelled });
    touch(world, account);
  }
}

/**
 * Why a dead man's switch may not be set for `atMs` (null: taken back), in the venue's words; null when it may. The volume comes
 * first, whatever the time: https://github.com/nktkas/hyperliquid (tests of scheduleCancel against the testnet)
 */
export function scheduledCancelProblem(
  triggers: { day: number; count: number },
  atMs: number | null,
  nowMs: number,
  tradedQuote: Decimal,
): string | null {
  if (tradedQuote.lt(REQUIRED_QUOTE)) {
    const traded = tradedQuote.toDecimalPlaces(2).toFixed();
    return `Cannot set scheduled cancel time until enough volume traded. Required: $${REQUIRED_QUOTE}. Traded: $${traded}.`;
  }
  if (atMs === null) return null;
  if (atMs < nowMs + 5_000) return 'Scheduled cancel time too early, must be at least 5 seconds from now.';
  const used = triggers.day === Math.floor(nowMs / DAY_MS) ? triggers.count : 0;
  return used >= MAX_TRIGGERS_A_DAY ? `Cannot trigger more than ${MAX_TRIGGERS_A_DAY} scheduled cancels a day.` : null;
}
