import type { KeyCheck } from '#shared/core/system/trading-key.ts';
import type { EpochMs } from '#shared/core/time.ts';
import type { HyperliquidAccount } from './accounts.ts';
import type { HyperliquidInfo } from './hyperliquid-info.ts';
import { extraAgentsSchema, userRoleSchema } from './wire-schemas.ts';

/**
 * Asks the venue what a key's address is: it must be the account itself or an agent of it. An agent that has expired or was replaced is
 * `missing`, as is one that never was approved. Throws `ExchangeError` when the venue cannot be asked.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/nonces-and-api-wallets
 */
export async function checkAgent(
  info: Pick<HyperliquidInfo, 'ask'>,
  account: HyperliquidAccount,
  agent: string,
  nowMs: EpochMs,
): Promise<KeyCheck> {
  const own = account.address.toLowerCase();
  const refused = (reason: string): KeyCheck => ({ kind: 'refused', reason });
  const { role, data } = await info.ask({ type: 'userRole', user: agent }, userRoleSchema, 'status');
  const master = data?.user?.toLowerCase() ?? null;
  if (role === 'missing') {
    return refused(`${agent} is no agent of any account: never approved, expired, or replaced by another of its name`);
  }
  if (agent === own) return { kind: 'ok', validUntilMs: null };
  if (role !== 'agent' && account.vaultAddress == null) return refused(`${agent} is a ${role}, not an agent of ${own}`);
  // For a sub-account or a vault its master's agent signs, whose own account is another.
  if (account.vaultAddress == null && master !== own)
    return refused(`${agent} is an agent of ${master}, not of ${own}`);
  if (role !== 'agent' || master === null) return { kind: 'ok', validUntilMs: null };
  const named = await info.ask({ type: 'extraAgents', user: master }, extraAgentsSchema, 'status');
  const validUntilMs = named.find((entry) => entry.address.toLowerCase() === agent)?.validUntil ?? null;
  if (validUntilMs !== null && validUntilMs <= nowMs) {
    return refused(`${agent} expired as an agent at ${new Date(validUntilMs).toISOString()}`);
  }
  return { kind: 'ok', validUntilMs };
}
