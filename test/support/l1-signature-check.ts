import { encode } from '@msgpack/msgpack';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

interface SignedBody {
  readonly action: unknown;
  readonly nonce: number;
  readonly signature: { readonly r: string; readonly s: string; readonly v: number };
  readonly vaultAddress: string | null;
  readonly expiresAfter: number | null;
}

const u64 = (value: number): Uint8Array => hexToBytes(value.toString(16).padStart(16, '0'));
const word = (value: number | string): Uint8Array =>
  hexToBytes((typeof value === 'number' ? value.toString(16) : value.replace(/^0x/, '')).padStart(64, '0'));
const hashText = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));

/** Hash of an L1 action as the venue makes it, written from its description alone (venue facts, "Signing"). */
export function l1Hash(body: Omit<SignedBody, 'signature'>): string {
  const vault = body.vaultAddress;
  const parts = [
    encode(body.action),
    u64(body.nonce),
    vault === null ? new Uint8Array([0]) : concatBytes(new Uint8Array([1]), hexToBytes(vault.replace(/^0x/, ''))),
    body.expiresAfter === null ? new Uint8Array() : concatBytes(new Uint8Array([0]), u64(body.expiresAfter)),
  ];
  return `0x${bytesToHex(keccak_256(concatBytes(...parts)))}`;
}

/** The address that signed a body of `POST /exchange`, for `source` a (mainnet) or b (testnet). */
export function signerOf(body: SignedBody, source: 'a' | 'b'): string {
  const domain = keccak_256(
    concatBytes(
      hashText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
      hashText('Exchange'),
      hashText('1'),
      word(1337),
      word(0),
    ),
  );
  const agent = keccak_256(
    concatBytes(hashText('Agent(string source,bytes32 connectionId)'), hashText(source), word(l1Hash(body))),
  );
  const digest = keccak_256(concatBytes(new Uint8Array([0x19, 0x01]), domain, agent));
  const { r, s, v } = body.signature;
  const bytes = concatBytes(new Uint8Array([v - 27]), word(r), word(s));
  const publicKey = secp256k1.Signature.fromBytes(bytes, 'recovered').recoverPublicKey(digest).toBytes(false);
  return `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(-20))}`;
}
