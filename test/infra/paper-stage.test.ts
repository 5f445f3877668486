import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import * as api from '#functions/api/env.ts';
import * as balance from '#functions/balance/env.ts';
import * as janitor from '#functions/janitor/env.ts';
import * as orderGateway from '#functions/order-gateway/env.ts';
import * as orderTracker from '#functions/order-tracker/env.ts';
import * as reconciliation from '#functions/reconciliation/env.ts';
import { loadStage } from '#infra/load-stage.ts';
import { ResolvedTemplate } from '#test/support/resolved-template.ts';
import { synthesize } from '#test/support/synthesized.ts';

const templates = synthesize({ overrides: [] });
const state = new ResolvedTemplate(templates.state);
const services = new ResolvedTemplate(templates.services, [state]);
const environments = new Map(
  [...services.ofType('AWS::Lambda::Function').values()].map(({ Properties }) => [
    String(Properties.FunctionName).replace('3t-dev-', ''),
    (Properties.Environment as { Variables: Record<string, string> }).Variables,
  ]),
);

const SCHEMAS: Readonly<Record<string, readonly z.ZodObject[]>> = {
  api: [api.apiEnvSchema, api.manualOrdersEnvSchema, api.resourcesSchema],
  balance: [balance.balanceEnvSchema, balance.resourcesSchema],
  janitor: [janitor.janitorEnvSchema, janitor.resourcesSchema],
  'order-gateway': [orderGateway.orderGatewayEnvSchema, orderGateway.resourcesSchema],
  'order-tracker': [orderTracker.orderTrackerEnvSchema, orderTracker.resourcesSchema],
  reconciliation: [reconciliation.reconciliationEnvSchema, reconciliation.resourcesSchema],
};

describe('stage dev, as it is', () => {
  it('trades on paper at real prices, approved without a human', () => {
    const { hyperliquid } = loadStage('dev').exchanges;
    expect(hyperliquid).toMatchObject({ kind: 'paper', approval: 'automatic' });
    expect(hyperliquid?.http_url).toBe('https://api.hyperliquid.xyz');
  });

  it('has no trading key, and tells nobody of one', () => {
    const secrets = [...state.ofType('AWS::SecretsManager::Secret').values()].map((s) => String(s.Properties.Name));
    expect(secrets.filter((name) => name.includes('/trading/'))).toEqual([]);
    const told = [...environments.values()].filter((text) => 'TRADING_SECRET_ARN' in text);
    expect(environments.size).toBeGreaterThan(10);
    expect(told).toEqual([]);
  });

  it('has no observer: none could see the account', () => {
    expect([...environments.keys()].filter((name) => name.startsWith('observer'))).toEqual([]);
  });

  it.each(Object.entries(SCHEMAS))('gives %s an environment that it parses', (name, schemas) => {
    const text = environments.get(name);
    for (const schema of schemas) expect(schema.safeParse(text).error?.message).toBeUndefined();
  });
});
