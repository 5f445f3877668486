import * as z from 'zod';
import type { Fault } from '../../faults/fault-script.ts';
import { NonceWindow } from '../../signers/nonce-window.ts';
import { accountOfSigner } from '../../venue/agents.ts';
import { type Account, record, type World } from '../../venue/world.ts';
import type { Reply } from '../with-faults.ts';
import { actionSchema } from './action-schema.ts';
import { answerAction } from './exchange-actions.ts';
import { UNREADABLE } from './info-endpoint.ts';
import { l1Digest, type SignatureSource, type SignerBook } from './l1-signature.ts';
import { answerUserSigned, readUserSigned } from './user-signed-actions.ts';

const hexWord = z.string().regex(/^0x[0-9a-fA-F]{1,64}$/);

/** Body of `POST /exchange`; the action's own fields are read by `exchange-actions.ts`. */
export const exchangeRequestSchema = z.looseObject({
  action: z.looseObject({ type: z.string().max(64) }),
  nonce: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  signature: z.looseObject({ r: hexWord, s: hexWord, v: z.number().int() }),
  vaultAddress: z
    .string()
    .regex(/^(0x)?[0-9a-fA-F]{40}$/)
    .nullish(),
  expiresAfter: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullish(),
});
export type ExchangeRequest = z.infer<typeof exchangeRequestSchema>;

/** How signatures are checked. */
export interface Signing {
  readonly source: SignatureSource;
  readonly signers: SignerBook;
}

/** Actions that the account's own wallet signs as typed data and that are not simulated: they are recorded and refused. */
const NOT_SIMULATED = new Set(['usdSend', 'withdraw3', 'usdClassTransfer', 'userSetAbstraction']);
const USER_SIGNED = new Set(['approveBuilderFee', 'approveAgent']);

const err = (text: string): Reply => ({ status: 200, body: JSON.stringify({ status: 'err', response: text }) });
const ok = (response: unknown): Reply => ({ status: 200, body: JSON.stringify({ status: 'ok', response }) });

/**
 * Checks the envelope (signature, signer, nonce, expiry) and executes the action. Everything a client can get wrong is an
 * answer with HTTP 200 and the venue's words.
 */
export function answerExchange(
  world: World,
  request: ExchangeRequest,
  { source, signers }: Signing,
  faults: readonly Fault[] = [],
): Reply {
  const { type } = request.action;
  if (NOT_SIMULATED.has(type)) {
    record(world, 'user-signed-action', { type, action: request.action });
    return err(`Action ${type} is not simulated.`);
  }
  if (USER_SIGNED.has(type)) return answerWallet(world, request, { source, signers });
  const parsed = actionSchema.safeParse(request.action);
  if (!parsed.success) return UNREADABLE;
  const action = parsed.data;
  const envelope = {
    action,
    nonce: request.nonce,
    vaultAddress: request.vaultAddress ?? null,
    expiresAfter: request.expiresAfter ?? null,
  };
  const digest = l1Digest(envelope, source);
  const signer = signers.recover(digest, request.signature);
  if (signer === null) return err('Unable to recover signer.');
  const isDead = faults.some((fault) => fault.kind === 'dead-agent');
  const account = isDead ? undefined : accountOfSigner(world, signer);
  if (!account) {
    record(world, 'unknown-signer', { signer, type });
    return err(`User or API Wallet ${signer} does not exist.`);
  }
  signers.remember(signer, digest, request.signature);
  if (envelope.vaultAddress !== null) return err(`Vault not registered: ${envelope.vaultAddress}`);
  if (envelope.expiresAfter !== null && envelope.expiresAfter < world.nowMs) {
    world.counters.expired += 1;
    world.dirty.counters = true;
    record(world, 'expired', { user: account.spec.address, type, action, expiresAfter: envelope.expiresAfter });
    return err('Action already expired');
  }
  const badNonce = useNonce(world, account, signer, request.nonce);
  if (badNonce !== null) return err(badNonce);
  if (action.type === 'setReferrer') record(world, 'referrer', { user: account.spec.address, action });
  if ('builder' in action) record(world, 'builder-fee', { user: account.spec.address, builder: action.builder });
  const answer = answerAction(world, account, action, envelope);
  return answer.kind === 'err' ? err(answer.text) : ok(answer.response);
}

/** What the wallet signs applies to the signer's own account: an agent has none. */
function answerWallet(world: World, request: ExchangeRequest, { source, signers }: Signing): Reply {
  const read = readUserSigned(request.action, source);
  if (read === null || read.action.nonce !== request.nonce) return UNREADABLE;
  const signer = signers.recover(read.digest, request.signature);
  if (signer === null) return err('Unable to recover signer.');
  const account = world.accounts.get(signer);
  if (!account) return err(`Must deposit before performing actions. User: ${signer}`);
  const badNonce = useNonce(world, account, signer, request.nonce);
  if (badNonce !== null) return err(badNonce);
  const problem = answerUserSigned(world, account, read.action);
  return problem === null ? ok({ type: 'default' }) : err(problem);
}

function useNonce(world: World, account: Account, signer: string, nonce: number): string | null {
  let window = world.nonces.get(signer);
  if (!window) {
    window = new NonceWindow();
    world.nonces.set(signer, window);
  }
  const text = window.use(nonce, world.nowMs);
  if (text === null) world.dirty.nonces.add(signer);
  else record(world, 'bad-nonce', { user: account.spec.address, nonce, text });
  return text;
}
