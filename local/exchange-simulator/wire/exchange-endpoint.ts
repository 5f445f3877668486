import * as z from 'zod';
import { l1Digest, type SignatureSource } from '../signers/l1-signature.ts';
import { NonceWindow } from '../signers/nonce-window.ts';
import { record, type World } from '../venue/world.ts';
import { answerAction } from './exchange-actions.ts';
import { type Reply, UNREADABLE } from './info-endpoint.ts';

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

/** Actions that are signed in another way; the simulator does not check those signatures, it only records them. */
const USER_SIGNED = new Set([
  'approveBuilderFee',
  'approveAgent',
  'usdSend',
  'withdraw3',
  'usdClassTransfer',
  'userSetAbstraction',
]);

const err = (text: string): Reply => ({ status: 200, body: JSON.stringify({ status: 'err', response: text }) });
const ok = (response: unknown): Reply => ({ status: 200, body: JSON.stringify({ status: 'ok', response }) });
const DEFAULT = { type: 'default' };

/**
 * Checks the envelope (signature, signer, nonce, expiry) and executes the action. Everything a client can get wrong is an
 * answer with HTTP 200 and the venue's words.
 */
export function answerExchange(world: World, request: ExchangeRequest, source: SignatureSource): Reply {
  const { action, nonce } = request;
  if (USER_SIGNED.has(action.type)) {
    record(world, 'user-signed-action', { type: action.type, action });
    return action.type === 'approveBuilderFee' ? ok(DEFAULT) : err(`Action ${action.type} is not simulated.`);
  }
  const envelope = {
    action,
    nonce,
    vaultAddress: request.vaultAddress ?? null,
    expiresAfter: request.expiresAfter ?? null,
  };
  const digest = l1Digest(envelope, source);
  const signer = world.signerBook.recover(digest, request.signature);
  if (signer === null) return err('Unable to recover signer.');
  const master = world.signers.get(signer);
  const account = master === undefined ? undefined : world.accounts.get(master);
  if (!account) {
    record(world, 'unknown-signer', { signer, type: action.type });
    return err(`User or API Wallet ${signer} does not exist.`);
  }
  world.signerBook.remember(signer, digest, request.signature);
  if (envelope.vaultAddress !== null) return err(`Vault not registered: ${envelope.vaultAddress}`);
  if (envelope.expiresAfter !== null && envelope.expiresAfter < world.nowMs) {
    world.counters.expired += 1;
    world.dirty.counters = true;
    record(world, 'expired', {
      user: account.spec.address,
      type: action.type,
      action,
      expiresAfter: envelope.expiresAfter,
    });
    return err(`Action expired: expiresAfter ${envelope.expiresAfter} is before ${world.nowMs}`);
  }
  let window = world.nonces.get(signer);
  if (!window) {
    window = new NonceWindow();
    world.nonces.set(signer, window);
  }
  const badNonce = window.use(nonce, world.nowMs);
  if (badNonce !== null) {
    record(world, 'bad-nonce', { user: account.spec.address, nonce, text: badNonce });
    return err(badNonce);
  }
  world.dirty.nonces.add(signer);
  if (action.type === 'setReferrer') {
    record(world, 'referrer', { user: account.spec.address, action });
    return ok(DEFAULT);
  }
  if ('builder' in action) record(world, 'builder-fee', { user: account.spec.address, builder: action.builder });
  const answer = answerAction(world, account, action, { nonce, expiresAfter: envelope.expiresAfter });
  if (answer.kind === 'unreadable') return UNREADABLE;
  return answer.kind === 'err' ? err(answer.text) : ok(answer.response);
}
