import type { AbstractViemLocalAccount } from '@nktkas/hyperliquid/signing';
import { TEST_SIGNERS, type TestSigner } from '#local/exchange-simulator/signers/test-accounts.ts';
import { loadHyperliquid } from '#test/integration/exchange-simulator/ccxt-module.ts';

/** A wallet for `@nktkas/hyperliquid`, which brings none: typed data is hashed and signed by the code that ccxt carries. */
export async function walletOf(signer: TestSigner = TEST_SIGNERS.mainAgent): Promise<AbstractViemLocalAccount> {
  const Hyperliquid = await loadHyperliquid();
  const ccxt = new Hyperliquid({});
  const word = (hex: string) => hex.replace(/^0x/, '').padStart(64, '0');
  return {
    address: signer.address as `0x${string}`,
    async signTypedData({ domain, types, message }) {
      const { EIP712Domain: _, ...messageTypes } = types;
      const encoded = ccxt.ethEncodeStructuredData(domain, messageTypes, message);
      const { r, s, v } = ccxt.signMessage(encoded, signer.privateKey.slice(2));
      return `0x${word(r)}${word(s)}${Number(v).toString(16)}`;
    },
  };
}
