import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { REGIONS } from '#config/stage-checks.ts';

const price = z.strictObject({ usd: z.number().positive(), per: z.string().min(1), source: z.string().min(1) });

const priceListSchema = z.strictObject({
  region: z.string(),
  /** Day on which somebody looked. */
  dated: z.iso.date(),
  currency: z.literal('USD'),
  tax: z.literal('none'),
  prices: z.strictObject({
    acuHour: price,
    auroraStorageGb: price,
    auroraIoMillion: price,
    dataApiMillion: price,
    shardHour: price,
    putMillion: price,
    fargateVcpuHour: price,
    fargateGbHour: price,
    ipv4Hour: price,
    natHour: price,
    natGb: price,
    lambdaMillion: price,
    lambdaGbSecond: price,
    sqsMillion: price,
    sqsFifoMillion: price,
    schedulerMillion: price,
    secretMonth: price,
    metricMonth: price,
    alarmMonth: price,
    dashboardMonth: price,
    logGb: price,
    logStorageGb: price,
    traceMillion: price,
    s3PutThousand: price,
    s3GetThousand: price,
    s3Gb: price,
    ecrGb: price,
  }),
});
export type PriceList = z.infer<typeof priceListSchema>;
export type PriceName = keyof PriceList['prices'];

/** Reads config/prices.<region>.json. Throws with a sentence when there is none: a guess would look like a price. */
export function readPrices(region: string): PriceList {
  if (!REGIONS.includes(region)) throw new Error(`unknown region ${region}`);
  let text: string;
  try {
    text = readFileSync(new URL(`../../config/prices.${region}.json`, import.meta.url), 'utf8');
  } catch {
    throw new Error(`there is no config/prices.${region}.json: copy another region's and look the prices up`);
  }
  return priceListSchema.parse(JSON.parse(text));
}
