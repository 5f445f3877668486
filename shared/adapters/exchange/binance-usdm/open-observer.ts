import { createHmac } from 'node:crypto';
import * as z from 'zod';
import { Decimal, decimalText, isDecimalText } from '#shared/core/decimal.ts';
import type { AccountObserver, ObservedAccount } from '#shared/ports/account-observer.ts';
import type { Secrets } from '#shared/ports/secrets.ts';

export interface UsdmObserverOptions {
  readonly httpUrl: string;
  readonly observerId: string;
  /** Holds the observer's own read-only key, `<API key>:<secret>`. */
  readonly secrets: Secrets;
  readonly readKeySecret: string;
  readonly timeoutMs: number;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

const number = z
  .string()
  .max(40)
  .refine((text) => isDecimalText(text) && new Decimal(text).abs().lt(1e13), 'expected an amount as text')
  .transform((text) => decimalText(text));
const timeSchema = z.looseObject({ serverTime: z.number().int().min(1).max(4_102_444_800_000) });
const configSchema = z.looseObject({ dualSidePosition: z.boolean(), multiAssetsMargin: z.boolean() });
const stateSchema = z.looseObject({
  assets: z.array(z.unknown()).max(1000),
  positions: z.array(z.looseObject({ symbol: z.string().min(1).max(64) })).max(5000),
});
const assetSchema = z.looseObject({ asset: z.string(), marginBalance: number, initialMargin: number });
const positionSchema = z.looseObject({
  positionSide: z.literal('BOTH'),
  positionAmt: number,
  notional: number,
  unrealizedProfit: number,
  initialMargin: number,
});

/**
 * A second pair of eyes: shares no code with the account reader, and asks another question. Positions and money come from one answer of
 * `v3/account`, where the reader takes positions from `positionRisk`. Throws when it cannot be read: the last document then only ages.
 */
export const openUsdmObserver = (options: UsdmObserverOptions): AccountObserver => ({
  async observe(): Promise<ObservedAccount> {
    const { serverTime } = timeSchema.parse(await ask(options, '/fapi/v1/time'));
    const [apiKey = '', secret = ''] = (await options.secrets.get(options.readKeySecret)).trim().split(':');
    const signed = (path: string) => {
      const query = `recvWindow=5000&timestamp=${serverTime}`;
      const sum = createHmac('sha256', secret).update(query).digest('hex');
      return ask(options, `${path}?${query}&signature=${sum}`, apiKey);
    };
    const state = stateSchema.parse(await signed('/fapi/v3/account'));
    const config = configSchema.safeParse(await signed('/fapi/v1/accountConfig').catch(() => null)).data;
    const positions = new Map<string, ObservedAccount['assetPositions'][number]>();
    const unread = new Set<string>();
    for (const row of state.positions) {
      const read = positionSchema.safeParse(row).data;
      if (read === undefined || positions.has(row.symbol)) unread.add(row.symbol);
      else if (read.positionAmt !== '0')
        positions.set(row.symbol, { type: 'oneWay', position: toPosition(row.symbol, read) });
    }
    for (const symbol of unread) positions.delete(symbol);
    const coins = unread.size === 0 ? {} : { unread_coins: [...unread] };
    const mode =
      config && (config.dualSidePosition ? 'hedge' : config.multiAssetsMargin ? 'multi-assets' : 'single-asset');
    return {
      venue_time_ms: serverTime,
      complete: true,
      sub_accounts: [{ name: 'native', complete: true, venue_time_ms: serverTime, error: null, ...coins }],
      marginSummary: mode === 'single-asset' ? summaryOf(state.assets) : null,
      ...(mode === undefined ? {} : { account_mode: mode }),
      assetPositions: [...positions.values()],
    };
  },
});

const toPosition = (coin: string, read: z.infer<typeof positionSchema>) => ({
  coin,
  szi: read.positionAmt,
  marginUsed: read.initialMargin,
  positionValue: decimalText(new Decimal(read.notional).abs()),
  unrealizedPnl: read.unrealizedProfit,
});

/** Null where a dollar's row is missing, odd, or there twice. */
function summaryOf(assets: readonly unknown[]): ObservedAccount['marginSummary'] {
  const dollars = assets.filter((row) => /^USD[TC]$/.test(String((row as { asset?: unknown } | null)?.asset)));
  const read = dollars.flatMap((row) => assetSchema.safeParse(row).data ?? []);
  const names = new Set(read.map(({ asset }) => asset));
  if (read.length === 0 || read.length < dollars.length || names.size < read.length) return null;
  let [value, margin] = [new Decimal(0), new Decimal(0)];
  for (const { marginBalance, initialMargin } of read) {
    value = value.plus(marginBalance);
    margin = margin.plus(initialMargin);
  }
  return { accountValue: decimalText(value), totalMarginUsed: decimalText(margin) };
}

async function ask({ httpUrl, fetch, timeoutMs, observerId }: UsdmObserverOptions, path: string, apiKey?: string) {
  const response = await fetch(`${httpUrl.replace(/\/+$/, '')}${path}`, {
    method: 'GET',
    headers: { 'x-observer-id': observerId, ...(apiKey === undefined ? {} : { 'x-mbx-apikey': apiKey }) },
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'manual',
  });
  // The venue's own words hold no key.
  if (response.status !== 200) throw new Error(`HTTP ${response.status}: ${(await response.text()).slice(0, 200)}`);
  return await response.json();
}
