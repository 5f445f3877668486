import * as z from 'zod';
import {
  databaseResources,
  observerBucketResources,
  orderQueueResources,
  processResources,
  readerDatabaseResources,
  runRequestResources,
  stateDatabaseResources,
} from '#shared/messages/aws-resources.ts';

import { cycleEnvironment } from '#shared/messages/cycle-environment.ts';
import { jsonSection } from '#shared/messages/json-section.ts';

const list = z.string().transform((text) => text.split(',').filter((item) => item !== ''));

/** Environment of the API; lists are separated by commas. */
export const apiEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  ACCOUNT: z.string().min(1).max(64),
  /** Every exchange of the settings with the names of its accounts, as JSON; EXCHANGE is the one that is served. */
  EXCHANGES: jsonSection(
    z
      .array(
        z.strictObject({ exchange: z.string().min(1).max(64), accounts: z.array(z.string().min(1).max(64)).min(1) }),
      )
      .min(1),
  ),
  /** The first one is served as `/3T-observer.json` unless `?observer=` asks for another. */
  OBSERVER_IDS: list,
  /** Scheme of the one origin that browsers may come from; its host is the request's own. */
  ORIGIN_SCHEME: z.enum(['http', 'https']),
  MAX_BODY_BYTES: z.coerce.number().int().min(1024).max(10_485_760),
  /** Ages are judged by what the gates refuse by. */
  LIMITS: cycleEnvironment.LIMITS,
  QUORUM: cycleEnvironment.QUORUM,
  /** By job, as JSON: one that did not succeed for so long makes the platform not ready. */
  HEARTBEAT_AGES_MS: jsonSection(z.record(z.string().min(1).max(64), z.int().min(1000))),
  /** Server-sent events need a connection that stays open: 0 turns them off where there is none. */
  MAX_EVENT_CLIENTS: z.coerce.number().int().min(0).max(1000),
  EVENTS_INTERVAL_MS: z.coerce.number().int().min(100).max(60_000),
});

export type ApiEnv = z.infer<typeof apiEnvSchema>;

/** What orders by hand need beyond that: they obey the cycle's settings. */
export const manualOrdersEnvSchema = z.object({
  EXCHANGE: z.string().min(1).max(64),
  ACCOUNT: z.string().min(1).max(64),
  /** Its name in the observers' documents. */
  ADDRESS: z.string().min(1).max(64),
  ...cycleEnvironment,
});
export type ManualOrdersEnv = z.infer<typeof manualOrdersEnvSchema>;

/** What api needs on AWS. */
export const resourcesSchema = z.object({
  ...processResources,
  ...databaseResources,
  ...stateDatabaseResources,
  ...readerDatabaseResources,
  ...observerBucketResources,
  ...orderQueueResources,
  ...runRequestResources,
});
