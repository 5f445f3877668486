import { TEST_SIGNERS, type TestSigner } from '#local/exchange-simulator/signers/test-accounts.ts';
import { loadHyperliquid } from '#test/integration/exchange-simulator/ccxt-module.ts';

/** A wallet for `@nktkas/hyperliquid`, which brings none: typed data is hashed and signed by the code that ccxt carries. */
export async function walletOf(signer: TestSigner = TEST_SIGNERS.mainAgent) {
  const Hyperliquid = await loadHyperliquid();
  const ccxt = new Hyperliquid({});
  return {
    address: signer.address as `0x${string}`,
    async signTypedData(data: {
      domain: Record<string, unknown>;
      types: Record<string, { name: string; type: string }[]>;
      message: Record<string, unknown>;
    }): Promise<`0x${string}`> {
      const { EIP712Domain: _, ...types } = data.types;
      const encoded = ccxt.ethEncodeStructuredData(data.domain, types, data.message);
      const { r, s, v } = ccxt.signMessage(encoded, signer.privateKey.slice(2));
      const word = (hex: string) => hex.replace(/^0x/, '').padStart(64, '0');
      return `0x${word(r)}${word(s)}${Number(v).toString(16)}`;
    },
  };
}
