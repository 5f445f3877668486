import * as z from 'zod';
import { dec } from '#shared/core/decimal.ts';
import { agentNamed, approveAgent } from '../../venue/agents.ts';
import { touch } from '../../venue/clearing.ts';
import { equityOf } from '../../venue/equity.ts';
import { type Account, record, type World } from '../../venue/world.ts';
import type { SignatureSource } from './l1-signature.ts';
import { userSignedDigest } from './user-signature.ts';

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .toLowerCase();
const common = {
  signatureChainId: z.string().regex(/^0x[0-9a-fA-F]{1,16}$/),
  hyperliquidChain: z.enum(['Mainnet', 'Testnet']),
  nonce: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
};
const userSignedSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('approveAgent'),
    agentAddress: address,
    agentName: z.string().max(64).nullish(),
    ...common,
  }),
  z.object({
    type: z.literal('approveBuilderFee'),
    maxFeeRate: z.string().regex(/^\d{1,3}(\.\d{1,6})?%$/),
    builder: address,
    ...common,
  }),
]);
export type UserSignedAction = z.infer<typeof userSignedSchema>;

/** The action in the form that is signed, and the digest; null when it cannot be read. */
export function readUserSigned(raw: unknown, source: SignatureSource) {
  const parsed = userSignedSchema.safeParse(raw);
  if (!parsed.success) return null;
  const { type, signatureChainId, hyperliquidChain: _, ...fields } = parsed.data;
  const signed = 'agentName' in fields ? { ...fields, agentName: fields.agentName ?? '' } : fields;
  return {
    action: parsed.data,
    digest: userSignedDigest(type, signed as Record<string, string | number>, signatureChainId, source),
  };
}

/** Of a perpetual's builder: 0.1 %. https://hyperliquid.gitbook.io/hyperliquid-docs/trading/builder-codes */
const MAX_BUILDER_FEE_TENTHS = 1_000;
const MIN_BUILDER_VALUE = 100;

/** Executes what the wallet of an account signed. Answers the venue's words for why not, or null. */
export function answerUserSigned(world: World, account: Account, action: UserSignedAction): string | null {
  if (action.type === 'approveBuilderFee') return approveBuilderFee(world, account, action);
  const named = agentNamed(action.agentName ?? '', world.nowMs);
  if (typeof named === 'string') return named;
  return approveAgent(world, account, action.agentAddress, named);
}

function approveBuilderFee(
  world: World,
  account: Account,
  action: Extract<UserSignedAction, { type: 'approveBuilderFee' }>,
): string | null {
  // A percentage: 0.001 % is a tenth of a basis point.
  const tenths = dec(action.maxFeeRate.slice(0, -1)).times(1_000).toNumber();
  if (tenths > MAX_BUILDER_FEE_TENTHS) return 'Builder fee rate is too high.';
  const builder = world.accounts.get(action.builder);
  if (tenths > 0 && (!builder || equityOf(world, builder).lt(MIN_BUILDER_VALUE))) {
    return 'Builder has insufficient balance to be approved.';
  }
  account.builderFees.set(action.builder, tenths);
  touch(world, account);
  record(world, 'user-signed-action', {
    type: action.type,
    user: account.spec.address,
    builder: action.builder,
    tenths,
  });
  return null;
}
