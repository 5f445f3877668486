import type { ExchangeConfig } from '#config/schema.ts';
import type { CliIo } from '../cli-io.ts';
import type { Finding } from './finding.ts';

const TIMEOUT_MS = 10_000;
const REPLY_BYTES_MAX = 4 * 1024 ** 2;
const API: Readonly<Record<string, string>> = {
  testnet: 'https://api.hyperliquid-testnet.xyz',
  live: 'https://api.hyperliquid.xyz',
};

/**
 * Asks the venue for its market list through each configured proxy, with the configured Origin, as every exchange call will go:
 * the proxy's address is put before the venue's. No key is sent.
 */
export async function checkProxies(io: CliIo, exchange: ExchangeConfig): Promise<readonly Finding[]> {
  const venue = exchange.http_url ?? API[exchange.kind] ?? API.live!;
  if (exchange.proxy.length === 0) return [{ check: 'proxy', verdict: 'warning', detail: 'none is configured' }];
  const findings: Finding[] = [];
  for (const proxy of exchange.proxy) findings.push(await checkProxy(io, proxy, venue, exchange.origin));
  return findings;
}

async function checkProxy(io: CliIo, proxy: string, venue: string, origin: string | null): Promise<Finding> {
  const url = `${/[/=?]$/.test(proxy) ? proxy : `${proxy}/`}${venue}/info`;
  const failed = (detail: string): Finding => ({ check: `proxy ${proxy}`, verdict: 'failed', detail });
  const beganMs = io.nowMs();
  try {
    const response = await io.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(origin === null ? {} : { origin }) },
      body: JSON.stringify({ type: 'meta' }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = (await response.text()).slice(0, REPLY_BYTES_MAX);
    if (!response.ok) return failed(`HTTP ${response.status}${origin === null ? ', no Origin is configured' : ''}`);
    const { universe } = JSON.parse(text) as { universe?: unknown };
    if (!Array.isArray(universe)) return failed('the reply is not the market list of the venue');
    const detail = `${universe.length} markets in ${io.nowMs() - beganMs} ms`;
    if (proxy.startsWith('http:')) {
      return {
        check: `proxy ${proxy}`,
        verdict: 'warning',
        detail: `${detail}; plain http: anyone between may read it`,
      };
    }
    return { check: `proxy ${proxy}`, verdict: 'ok', detail };
  } catch (error) {
    return failed(error instanceof SyntaxError ? 'the reply is not JSON' : String((error as Error)?.message ?? error));
  }
}
