import * as z from 'zod';

/** Environment of the price consumer: it stores whatever valid bundles the stream carries. */
export const priceConsumerEnvSchema = z.object({});
export type PriceConsumerEnv = z.infer<typeof priceConsumerEnvSchema>;
