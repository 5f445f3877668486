import { encode } from '@msgpack/msgpack';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

export interface L1Envelope {
  /** As received: the order of its keys is signed too. */
  readonly action: unknown;
  readonly nonce: number;
  readonly vaultAddress: string | null;
  readonly expiresAfter: number | null;
}

export interface WireSignature {
  readonly r: string;
  readonly s: string;
  readonly v: number;
}

/** Mainnet signs as source `a`, testnet as `b`. */
export type SignatureSource = 'a' | 'b';

const word = (hex: string): Uint8Array => hexToBytes(hex.replace(/^0x/, '').padStart(64, '0'));
const typeHash = (text: string): Uint8Array => keccak_256(utf8ToBytes(text));

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** EIP-712 domain {name Exchange, version 1, chainId 1337, verifyingContract 0x0}, hashed once. */
const DOMAIN = keccak_256(
  concatBytes(
    typeHash('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
    typeHash('Exchange'),
    typeHash('1'),
    word((1337).toString(16)),
    word('0'),
  ),
);
const AGENT_TYPE = typeHash('Agent(string source,bytes32 connectionId)');

/**
 * Hash of an action: keccak(msgpack(action) ‖ nonce u64 ‖ 00 | 01 + vault ‖ [00 ‖ expiresAfter u64]), big endian.
 * https://github.com/hyperliquid-dex/hyperliquid-python-sdk (utils/signing.py)
 */
export function l1ActionHash(envelope: L1Envelope): Uint8Array {
  const parts = [encode(envelope.action), uint64(envelope.nonce)];
  if (envelope.vaultAddress === null) parts.push(new Uint8Array([0]));
  else parts.push(new Uint8Array([1]), hexToBytes(envelope.vaultAddress.replace(/^0x/, '')));
  if (envelope.expiresAfter !== null) parts.push(new Uint8Array([0]), uint64(envelope.expiresAfter));
  return keccak_256(concatBytes(...parts));
}

/** What is signed: the EIP-712 digest of the phantom agent {source, connectionId: action hash}. */
export function l1Digest(envelope: L1Envelope, source: SignatureSource): Uint8Array {
  const agent = keccak_256(concatBytes(AGENT_TYPE, typeHash(source), l1ActionHash(envelope)));
  return keccak_256(concatBytes(new Uint8Array([0x19, 0x01]), DOMAIN, agent));
}

const addressOf = (publicKey: Uint8Array): string => `0x${bytesToHex(keccak_256(publicKey.subarray(1)).subarray(-20))}`;

type Point = InstanceType<typeof secp256k1.Point>;
const { Point } = secp256k1;
const scalar = (bytes: Uint8Array): bigint => Point.Fn.create(BigInt(`0x${bytesToHex(bytes)}`));

/** Public keys that signed before, by address: a signature of theirs is recognised four times as fast as recovered. */
export class SignerBook {
  readonly #known = new Map<string, Point>();

  /** Address of the signer, lower case; null when the signature is malformed. A wrong signature gives another address. */
  recover(digest: Uint8Array, { r, s, v }: WireSignature): string | null {
    const recovery = v - 27;
    if (recovery !== 0 && recovery !== 1) return null;
    try {
      const bytes = concatBytes(new Uint8Array([recovery]), word(r), word(s));
      const signature = secp256k1.Signature.fromBytes(bytes, 'recovered');
      const nonce = { x: signature.r, isOdd: recovery === 1 };
      const inverse = Point.Fn.inv(signature.s);
      const ofDigest = Point.Fn.mul(scalar(digest), inverse);
      const ofKey = Point.Fn.mul(signature.r, inverse);
      for (const [address, key] of this.#known) {
        if (isPoint(Point.BASE.multiplyUnsafe(ofDigest).add(key.multiplyUnsafe(ofKey)), nonce)) return address;
      }
      return addressOf(signature.recoverPublicKey(digest).toBytes(false));
    } catch {
      return null;
    }
  }

  /** For a signer that will come again: its multiples take 10 ms to work out and are kept. */
  remember(address: string, digest: Uint8Array, { r, s, v }: WireSignature): void {
    if (this.#known.has(address)) return;
    const bytes = concatBytes(new Uint8Array([v - 27]), word(r), word(s));
    const key = secp256k1.Signature.fromBytes(bytes, 'recovered').recoverPublicKey(digest);
    this.#known.set(address, key.precompute(8, false));
  }
}

/** The signer's nonce times the generator, of which a signature carries the x and whether y is odd. */
function isPoint(point: Point, { x, isOdd }: { x: bigint; isOdd: boolean }): boolean {
  const affine = point.toAffine();
  return affine.x === x && (affine.y & 1n) === (isOdd ? 1n : 0n);
}

/** As {@link SignerBook.recover}, of a signer never seen before. */
export const recoverSigner = (digest: Uint8Array, signature: WireSignature): string | null =>
  new SignerBook().recover(digest, signature);

/** Signs as a client would: for tests and for the simulator's own tools. */
export function signL1(envelope: L1Envelope, source: SignatureSource, privateKey: string): WireSignature {
  const bytes = secp256k1.sign(l1Digest(envelope, source), hexToBytes(privateKey.replace(/^0x/, '')), {
    prehash: false,
    format: 'recovered',
  });
  return {
    r: `0x${bytesToHex(bytes.subarray(1, 33))}`,
    s: `0x${bytesToHex(bytes.subarray(33, 65))}`,
    v: 27 + (bytes[0] as number),
  };
}

/** Address that belongs to a private key, lower case. */
export const addressOfKey = (privateKey: string): string =>
  addressOf(secp256k1.getPublicKey(hexToBytes(privateKey.replace(/^0x/, '')), false));
