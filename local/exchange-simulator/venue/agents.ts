import { DAY_MS } from '#shared/core/time.ts';
import { type Account, type Agent, record, type World } from './world.ts';

/**
 * API wallets: one without a name and three with one, each replaced by the next of its name and removed by the zero address.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint#approve-an-api-wallet
 */
const NAMED_MAX = 3;
const NAME_CHARS_MAX = 16;
const DEFAULT_DAYS = 90;
const LONGEST_DAYS = 180;
const NOBODY = `0x${'0'.repeat(40)}`;

/** Reads `name valid_until <ms>`; the venue's words when it may not be. */
export function agentNamed(text: string, nowMs: number): { name: string; validUntilMs: number } | string {
  const suffix = / valid_until (\d{1,16})$/.exec(text);
  const name = suffix ? text.slice(0, suffix.index) : text;
  if (name.length > NAME_CHARS_MAX) return 'Agent name is too long.';
  const validUntilMs = suffix ? Number(suffix[1]) : nowMs + DEFAULT_DAYS * DAY_MS;
  const tooLate = validUntilMs > nowMs + LONGEST_DAYS * DAY_MS;
  return validUntilMs <= nowMs || tooLate ? 'Agent valid_until already expired.' : { name, validUntilMs };
}

/** Agents of an account, in the order of their approval. */
export const agentsOf = (world: World, account: Account): [string, Agent][] =>
  [...world.agents].filter(([, agent]) => agent.master === account.spec.address);

export function approveAgent(
  world: World,
  account: Account,
  address: string,
  { name, validUntilMs }: { readonly name: string; readonly validUntilMs: number },
): string | null {
  if (world.agents.has(address) || world.accounts.has(address)) return 'Extra agent already used.';
  const own = agentsOf(world, account);
  const replaced = own.find(([, agent]) => agent.name === name);
  const named = own.filter(([, agent]) => agent.name !== '' && agent.name !== name).length;
  if (address !== NOBODY && name !== '' && named >= NAMED_MAX) {
    return `Too many extra agents for cumulative volume traded. Current limit is ${NAMED_MAX}`;
  }
  if (replaced) forget(world, replaced[0]);
  if (address !== NOBODY) {
    world.agents.set(address, { master: account.spec.address, name, validUntilMs });
    world.signers.set(address, account.spec.address);
  }
  world.dirty.agents = true;
  record(world, 'agent', { user: account.spec.address, agent: address, name });
  return null;
}

function forget(world: World, address: string): void {
  world.agents.delete(address);
  world.signers.delete(address);
  world.dirty.agents = true;
}

/** The account for which an address may sign now; an agent whose time is over is forgotten. */
export function accountOfSigner(world: World, signer: string): Account | undefined {
  const agent = world.agents.get(signer);
  if (agent && agent.validUntilMs !== null && agent.validUntilMs <= world.nowMs) forget(world, signer);
  const master = world.signers.get(signer);
  return master === undefined ? undefined : world.accounts.get(master);
}
