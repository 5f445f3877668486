const HEX = /^(0x)?([0-9a-fA-F]{64})$/;
/** Order of secp256k1, the curve that signs: https://www.secg.org/sec2-v2.pdf §2.4.1. */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Why a text is no private key, in words that hold no part of it; null when it is one. */
export function tradingKeyProblem(text: string): string | null {
  const digits = HEX.exec(text)?.[2];
  if (digits === undefined) return 'is not a private key of 64 hex digits';
  const number = BigInt(`0x${digits}`);
  return number > 0n && number < CURVE_ORDER ? null : 'is 64 hex digits, but no private key of the curve';
}
