/**
 * ccxt's classes as the tests use them. Imported by path, because that is the only import of one venue that needs no
 * bundler; typed loosely, because ccxt's own types cover the whole of ccxt.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyClass = new (options: Record<string, unknown>) => any;

const load = async (path: string): Promise<AnyClass> => {
  const url = new URL(`../../../node_modules/ccxt/js/src/${path}`, import.meta.url);
  const module = (await import(url.href)) as { default: AnyClass };
  return module.default;
};

export const loadHyperliquid = (): Promise<AnyClass> => load('hyperliquid.js');
export const loadBinanceUsdm = (): Promise<AnyClass> => load('binanceusdm.js');
export const loadBinanceUsdmPro = (): Promise<AnyClass> => load('pro/binanceusdm.js');
export const loadHyperliquidPro = (): Promise<AnyClass> => load('pro/hyperliquid.js');
