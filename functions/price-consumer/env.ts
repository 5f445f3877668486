import * as z from 'zod';
import { databaseResources, processResources } from '#shared/messages/aws-resources.ts';

/** Environment of the price consumer: it stores whatever valid bundles the stream carries. */
export const priceConsumerEnvSchema = z.object({});
export type PriceConsumerEnv = z.infer<typeof priceConsumerEnvSchema>;

/** What price-consumer needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
});
