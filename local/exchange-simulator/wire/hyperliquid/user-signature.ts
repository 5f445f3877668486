import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { SignatureSource } from './l1-signature.ts';

const hashOfText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));
const word = (hex: string): Uint8Array => hexToBytes(hex.replace(/^0x/, '').padStart(64, '0'));

type FieldType = 'string' | 'address' | 'uint64';

/** What an account's own wallet signs, by action: name of the EIP-712 type and its fields behind `hyperliquidChain`. */
const TYPES = {
  approveAgent: {
    name: 'ApproveAgent',
    fields: { agentAddress: 'address', agentName: 'string', nonce: 'uint64' },
  },
  approveBuilderFee: {
    name: 'ApproveBuilderFee',
    fields: { maxFeeRate: 'string', builder: 'address', nonce: 'uint64' },
  },
} as const satisfies Record<string, { name: string; fields: Record<string, FieldType> }>;
export type UserSignedType = keyof typeof TYPES;

const CHAIN: Record<SignatureSource, string> = { a: 'Mainnet', b: 'Testnet' };

/**
 * EIP-712 digest of a user-signed action: domain {name HyperliquidSignTransaction, version 1, chainId of the wallet,
 * verifyingContract 0x0}. Addresses and numbers as text or number, as they came.
 * https://github.com/hyperliquid-dex/hyperliquid-python-sdk/blob/master/hyperliquid/utils/signing.py
 */
export function userSignedDigest(
  type: UserSignedType,
  action: Readonly<Record<string, string | number>>,
  signatureChainId: string,
  source: SignatureSource,
): Uint8Array {
  const { name, fields } = TYPES[type];
  const entries = Object.entries(fields) as [string, FieldType][];
  const declared = entries.map(([field, kind]) => `,${kind} ${field}`).join('');
  const encoded = entries.map(([field, kind]) => {
    const value = action[field] ?? '';
    if (kind === 'string') return hashOfText(String(value));
    return word(kind === 'address' ? String(value) : BigInt(value).toString(16));
  });
  const message = keccak_256(
    concatBytes(
      hashOfText(`HyperliquidTransaction:${name}(string hyperliquidChain${declared})`),
      hashOfText(CHAIN[source]),
      ...encoded,
    ),
  );
  const domain = keccak_256(
    concatBytes(
      hashOfText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
      hashOfText('HyperliquidSignTransaction'),
      hashOfText('1'),
      word(signatureChainId),
      word('0'),
    ),
  );
  return keccak_256(concatBytes(new Uint8Array([0x19, 0x01]), domain, message));
}
