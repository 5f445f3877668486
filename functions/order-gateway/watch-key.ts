import { KEY_REFUSED } from '#shared/core/system/trading-key.ts';
import type { KeyCheckCommand } from '#shared/messages/order-command.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import type { CancelOrderOutcome } from '#shared/usecases/cancel-order.ts';
import { checkTradingKey } from '#shared/usecases/check-trading-key.ts';
import type { ExecuteOrderOutcome } from '#shared/usecases/execute-order.ts';
import type { OrderGatewayDeps } from './deps.ts';

/** What a command says about the key that signed it: the venue's words, or null. */
function keyRefusal(outcome: ExecuteOrderOutcome | CancelOrderOutcome): string | null {
  if (outcome.kind === 'sent' && outcome.answer.kind === 'rejected') {
    // A key that cannot be read, or is none, signs nothing either.
    const isKey = outcome.answer.code === KEY_REFUSED || outcome.answer.code === 'configuration';
    return isKey ? outcome.answer.message : null;
  }
  if (outcome.kind === 'refused') return outcome.refusal.code === KEY_REFUSED ? outcome.refusal.message : null;
  if (outcome.kind !== 'asked' || outcome.answer.kind !== 'unknown') return null;
  return outcome.answer.code === KEY_REFUSED ? outcome.answer.message : null;
}

/** A command whose key the venue refused changes what is known of the key. */
export async function noteKeyRefusal(
  deps: OrderGatewayDeps,
  command: { readonly exchange: string; readonly account: string },
  outcome: ExecuteOrderOutcome | CancelOrderOutcome,
): Promise<void> {
  const words = keyRefusal(outcome);
  if (words !== null) await watchKey(deps, command, words);
}

/** One that stood in the queue for long is asked again by the tracker: exits behind it go first. */
export async function lookAtKey(deps: OrderGatewayDeps, command: KeyCheckCommand): Promise<void> {
  if (deps.clock.nowMs() < command.expiresAtMs) await watchKey(deps, command, null);
}

/** Looks at an account's key, or notes that the venue refused it. Never throws: the command that it belongs to is done. */
async function watchKey(
  deps: OrderGatewayDeps,
  at: { readonly exchange: string; readonly account: string },
  refusedWith: string | null,
): Promise<void> {
  const { exchange, account } = at;
  try {
    const check = await checkTradingKey(deps, { exchange, account, refusedWith });
    const level = check.kind === 'ok' ? 'info' : check.kind === 'refused' ? 'error' : 'warn';
    deps.telemetry.log(level, logEvents.keyChecked, { exchange, account, ...check });
  } catch (error) {
    deps.telemetry.log('error', logEvents.functionFailed, { function: 'order-gateway', error: String(error) });
  }
}
