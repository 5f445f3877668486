import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { ExchangeConfig } from '#config/venues.ts';
import type { CliIo } from '../cli-io.ts';
import type { Finding } from './finding.ts';

const TIMEOUT_MS = 10_000;
const REPLY_BYTES_MAX = 4 * 1024 ** 2;

/**
 * Asks the venue for its market list through each configured proxy, with the configured Origin, as every exchange call will go:
 * the proxy's address is put before the venue's. No key is sent. A venue without an address of its own is the simulator of
 * `stateDir`, which must be running: another venue is never asked in its place.
 */
export async function checkProxies(io: CliIo, exchange: ExchangeConfig, stateDir: string): Promise<readonly Finding[]> {
  const warn = (detail: string): readonly Finding[] => [{ check: 'proxy', verdict: 'warning', detail }];
  if (exchange.proxy.length === 0) return warn('none is configured');
  const venue = exchange.http_url ?? simulatorOf(stateDir);
  if (venue === null)
    return warn(`not asked: no exchange simulator has left its address in ${stateDir}; start 3T first`);
  const findings: Finding[] = [];
  for (const proxy of exchange.proxy) findings.push(await checkProxy(io, proxy, venue, exchange.origin));
  return findings;
}

const simulatorFileSchema = z.object({ httpUrl: z.string() });

function simulatorOf(stateDir: string): string | null {
  try {
    return simulatorFileSchema.parse(JSON.parse(readFileSync(join(stateDir, 'simulator.json'), 'utf8'))).httpUrl;
  } catch {
    return null;
  }
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
