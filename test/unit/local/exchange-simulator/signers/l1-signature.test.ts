import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { TEST_ACCOUNTS, TEST_SIGNERS } from '#local/exchange-simulator/signers/test-accounts.ts';
import {
  addressOfKey,
  l1ActionHash,
  l1Digest,
  recoverSigner,
  SignerBook,
  signL1,
} from '#local/exchange-simulator/wire/hyperliquid/l1-signature.ts';

/** Keys, actions and hashes of https://github.com/hyperliquid-dex/hyperliquid-python-sdk/blob/master/tests/signing_test.py */
const PYTHON_SDK_KEY = '0x0123456789012345678901234567890123456789012345678901234567890123';

describe('L1 signature', () => {
  it('hashes a live order as the python SDK does', () => {
    const order = { a: 4, b: true, p: '1670.1', s: '0.0147', r: false, t: { limit: { tif: 'Ioc' } } };
    const action = { type: 'order', orders: [order], grouping: 'na' };
    const envelope = { action, nonce: 1_677_777_606_040, vaultAddress: null, expiresAfter: null };
    expect(bytesToHex(l1ActionHash(envelope))).toBe('0fcbeda5ae3c4950a548021552a4fea2226858c4453571bf3f24ba017eac2908');
  });

  it('hashes the published vector of nonce 1690393044548', () => {
    const order = { a: 1, b: true, p: '1800', s: '0.02', r: false, t: { limit: { tif: 'Gtc' } } };
    const action = { type: 'order', orders: [order], grouping: 'na' };
    const envelope = { action, nonce: 1_690_393_044_548, vaultAddress: null, expiresAfter: null };
    expect(bytesToHex(l1ActionHash(envelope))).toBe('b8ed9e5a4ea7b2aebdb09fd794221c2599487f6dc8d3bf8f38656ab295f36120');
  });

  it.each([
    ['a', '0x53749d5b30552aeb2fca34b530185976545bb22d0b3ce6f62e31be961a59298', 27],
    ['b', '0x542af61ef1f429707e3c76c5293c80d01f74ef853e34b76efffcb57e574f9510', 28],
  ] as const)('makes the python SDK signature of a dummy action for source %s', (source, r, v) => {
    const action = { type: 'dummy', num: 100_000_000_000 };
    const envelope = { action, nonce: 0, vaultAddress: null, expiresAfter: null };
    const signature = signL1(envelope, source, PYTHON_SDK_KEY);
    expect(BigInt(signature.r)).toBe(BigInt(r));
    expect(signature.v).toBe(v);
  });

  it('recovers the signer, and somebody else when anything signed was changed', () => {
    const envelope = { action: { type: 'noop' }, nonce: 5, vaultAddress: null, expiresAfter: 9 };
    const signature = signL1(envelope, 'a', PYTHON_SDK_KEY);
    const signer = addressOfKey(PYTHON_SDK_KEY);
    const recovered = (over: Partial<typeof envelope>, source: 'a' | 'b' = 'a') =>
      recoverSigner(l1Digest({ ...envelope, ...over }, source), signature);
    expect(recovered({})).toBe(signer);
    for (const other of [recovered({ nonce: 6 }), recovered({ expiresAfter: 8 }), recovered({}, 'b')]) {
      expect(other).not.toBe(signer);
    }
  });

  it('recognises a signer that it remembers exactly as it recovers one', () => {
    const book = new SignerBook();
    const [first, other] = [PYTHON_SDK_KEY, TEST_SIGNERS.mainAgent.privateKey];
    const signed = (nonce: number, key: string) => {
      const envelope = { action: { type: 'noop' }, nonce, vaultAddress: null, expiresAfter: null };
      return { digest: l1Digest(envelope, 'a'), signature: signL1(envelope, 'a', key) };
    };
    const known = signed(0, first);
    book.remember(addressOfKey(first), known.digest, known.signature);
    for (let nonce = 1; nonce <= 40; nonce += 1) {
      const mine = signed(nonce, first);
      expect(book.recover(mine.digest, mine.signature)).toBe(addressOfKey(first));
      const theirs = signed(nonce, other);
      expect(book.recover(theirs.digest, theirs.signature)).toBe(addressOfKey(other));
      for (const wrong of [{ v: 55 - mine.signature.v }, { r: theirs.signature.r }, { s: theirs.signature.s }]) {
        const signature = { ...mine.signature, ...wrong };
        expect(book.recover(mine.digest, signature)).toBe(recoverSigner(mine.digest, signature));
        expect(book.recover(mine.digest, signature)).not.toBe(addressOfKey(first));
      }
    }
  });

  it('answers null for a signature that is none', () => {
    const digest = l1Digest({ action: {}, nonce: 1, vaultAddress: null, expiresAfter: null }, 'a');
    expect(recoverSigner(digest, { r: '0x0', s: '0x0', v: 27 })).toBeNull();
    expect(recoverSigner(digest, { r: '0x1', s: '0x1', v: 5 })).toBeNull();
  });
});

describe('test accounts', () => {
  it('have addresses that belong to their keys', () => {
    for (const signer of Object.values(TEST_SIGNERS)) expect(addressOfKey(signer.privateKey)).toBe(signer.address);
    expect(TEST_ACCOUNTS.map((account) => account.address)).toEqual([
      TEST_SIGNERS.mainMaster.address,
      TEST_SIGNERS.secondMaster.address,
    ]);
  });
});
