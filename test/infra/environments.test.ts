import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { priceProducerEnvSchema, resourcesSchema as producerResources } from '#containers/price-producer/env.ts';
import * as api from '#functions/api/env.ts';
import * as balance from '#functions/balance/env.ts';
import * as balanceConsumer from '#functions/balance-consumer/env.ts';
import * as candleFetcher from '#functions/candle-fetcher/env.ts';
import * as janitor from '#functions/janitor/env.ts';
import * as marketData from '#functions/market-data/env.ts';
import * as migrate from '#functions/migrate/env.ts';
import * as observer from '#functions/observer/env.ts';
import * as orderGateway from '#functions/order-gateway/env.ts';
import * as orderTracker from '#functions/order-tracker/env.ts';
import * as priceConsumer from '#functions/price-consumer/env.ts';
import * as reconciliation from '#functions/reconciliation/env.ts';
import * as runStrategies from '#functions/run-strategies/env.ts';
import * as runSupervisor from '#functions/run-supervisor/env.ts';
import type { KnownResources } from '#infra/constructs/behaviours.ts';
import type { EnvironmentText } from '#infra/typed-environment.ts';
import { ResolvedTemplate } from '#test/support/resolved-template.ts';
import { synthesize } from '#test/support/synthesized.ts';

const templates = synthesize();
const state = new ResolvedTemplate(templates.state);
const services = new ResolvedTemplate(templates.services, [state]);

const SCHEMAS: Readonly<Record<string, readonly z.ZodObject[]>> = {
  api: [api.apiEnvSchema, api.manualOrdersEnvSchema, api.resourcesSchema],
  balance: [balance.balanceEnvSchema, balance.resourcesSchema],
  'balance-consumer': [balanceConsumer.balanceConsumerEnvSchema, balanceConsumer.resourcesSchema],
  'candle-fetcher': [candleFetcher.candleFetcherEnvSchema, candleFetcher.resourcesSchema],
  janitor: [janitor.janitorEnvSchema, janitor.resourcesSchema],
  'market-data': [marketData.marketDataEnvSchema, marketData.resourcesSchema],
  migrate: [migrate.migrateEnvSchema, migrate.resourcesSchema],
  'observer-1': [observer.observerEnvSchema, observer.resourcesSchema],
  'observer-2': [observer.observerEnvSchema, observer.resourcesSchema],
  'order-gateway': [orderGateway.orderGatewayEnvSchema, orderGateway.resourcesSchema],
  'order-tracker': [orderTracker.orderTrackerEnvSchema, orderTracker.resourcesSchema],
  'price-consumer': [priceConsumer.priceConsumerEnvSchema, priceConsumer.resourcesSchema],
  reconciliation: [reconciliation.reconciliationEnvSchema, reconciliation.resourcesSchema],
  'run-strategies': [runStrategies.runStrategiesEnvSchema, runStrategies.resourcesSchema],
  'run-supervisor': [runSupervisor.runSupervisorEnvSchema, runSupervisor.resourcesSchema],
};

const environments = new Map(
  [...services.ofType('AWS::Lambda::Function').values()].map(({ Properties }) => [
    String(Properties.FunctionName).replace('3t-dev-', ''),
    (Properties.Environment as { Variables: Record<string, string> }).Variables,
  ]),
);

describe('the environment of each function, as CloudFormation will set it', () => {
  it('is looked at for every function of the stage', () => {
    expect([...environments.keys()].sort()).toEqual(Object.keys(SCHEMAS).sort());
  });

  it.each(Object.entries(SCHEMAS))('%s parses it', (name, schemas) => {
    const text = environments.get(name);
    for (const schema of schemas) expect(schema.safeParse(text).error?.message).toBeUndefined();
  });

  it.each(Object.entries(SCHEMAS))('%s is told nothing that it does not read', (name, schemas) => {
    const known = [...schemas.flatMap((schema) => Object.keys(schema.shape)), ...RUNTIME];
    expect(Object.keys(environments.get(name) ?? {}).filter((variable) => !known.includes(variable))).toEqual([]);
  });

  it('stays below the 4 KiB that Lambda allows', () => {
    for (const [name, text] of environments) expect([name, JSON.stringify(text).length < 4096]).toEqual([name, true]);
  });

  it('holds no secret: a password or key would show in the console', () => {
    for (const text of environments.values()) {
      expect(JSON.stringify(text)).not.toMatch(/resolve:secretsmanager|[^x]0x[0-9a-f]{64}|password"/i);
    }
  });

  it('is parsed by the price producer, too', () => {
    const [task] = [...services.ofType('AWS::ECS::TaskDefinition').values()];
    const [container] = task!.Properties.ContainerDefinitions as { Environment: { Name: string; Value: string }[] }[];
    const text = Object.fromEntries(container!.Environment.map(({ Name, Value }) => [Name, Value]));
    expect(priceProducerEnvSchema.safeParse(text).error?.message).toBeUndefined();
    expect(producerResources.safeParse(text).error?.message).toBeUndefined();
  });

  it('tells only the order gateway where the trading key is', () => {
    const told = [...environments]
      .filter(([, text]) => JSON.stringify(text).includes('TradingKey'))
      .map(([name]) => name);
    expect(told).toEqual(['order-gateway']);
  });
});

/** Read by Node and Powertools. */
const RUNTIME = ['NODE_OPTIONS', 'POWERTOOLS_SERVICE_NAME', 'POWERTOOLS_METRICS_NAMESPACE'];

describe('a variable that nobody sets', () => {
  it('does not compile', () => {
    // @ts-expect-error ADDRESS is missing.
    const settings: EnvironmentText<typeof balance.balanceEnvSchema> = { EXCHANGE: 'hyperliquid', ACCOUNT: 'main' };
    expect(balance.balanceEnvSchema.safeParse(settings).success).toBe(false);
  });

  it('may be left out where its schema has a default', () => {
    const settings: EnvironmentText<typeof migrate.migrateEnvSchema> = {};
    expect(migrate.migrateEnvSchema.safeParse(settings).success).toBe(true);
  });

  it('does not compile as a resource that the platform does not know', () => {
    const foreign = z.object({ STAGE: z.string(), MOON_ARN: z.string() });
    // @ts-expect-error MOON_ARN is no resource of the platform.
    const known: KnownResources<typeof foreign> = foreign;
    expect(Object.keys(known)).not.toEqual([]);
  });
});
