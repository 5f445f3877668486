import * as z from 'zod';

const count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const origin = z
  .url({ protocol: /^https?$/ })
  .refine((text) => new URL(text).origin === text, 'expected scheme://host[:port]');

/** Environment of the cors-proxy, parsed once at start. */
export const corsProxyEnvSchema = z.object({
  /** REST base of the one venue that is reached through it. */
  VENUE_HTTP_URL: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/$/, '')),
  /** Origins that may use it, separated by commas. */
  ORIGINS: z
    .string()
    .transform((text) => text.split(',').filter((item) => item !== ''))
    .pipe(z.array(origin).min(1).max(50)),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: count(0, 65_535).default(8080),
  /** Requests under way at the venue at once; more are told to come later. */
  BATCH_SIZE: count(1, 1000).default(20),
  TIMEOUT_MS: count(100, 60_000).default(10_000),
  MAX_BODY_BYTES: count(1024, 10_485_760).default(1_048_576),
});
export type CorsProxyEnv = z.infer<typeof corsProxyEnvSchema>;
