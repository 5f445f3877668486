import { describe, expect, it } from 'vitest';
import { functionEnvironments } from '#config/function-environments.ts';
import { loadConfig } from '#config/load.ts';
import { manualOrdersEnvSchema } from '#functions/api/env.ts';
import { manualOrders } from '#functions/api/manual-orders.ts';
import { memoryInstrumentsRepository } from '#shared/adapters/memory/instruments-repository.ts';
import { apiUnderTest } from '#test/support/api.ts';

describe('manual orders over HTTP', () => {
  const untouched = new Proxy(memoryInstrumentsRepository(), {
    get: (_target, name) => () => {
      throw new Error(`${String(name)} must not be asked`);
    },
  });
  const installation = { tag: async () => '0a0b0c0d' };
  const deps = {
    orders: untouched,
    reconciliation: untouched,
    accounts: untouched,
    observers: [],
    queue: untouched,
    installation,
  };
  const { config } = loadConfig({ stage: 'local' });
  const env = manualOrdersEnvSchema.parse(functionEnvironments({ config, holder: 'test', seed: 1 }).api);

  it.each([
    ['{}', 'symbol'],
    ['[]', 'body'],
    ['{"symbol":"BTC/USDC:USDC","side":"buy","size":-1,"type":"market"}', 'size'],
    ['{"symbol":"BTC/USDC:USDC","side":"buy","size":1,"type":"limit"}', 'price'],
    ['{"symbol":"BTC/USDC:USDC","side":"buy","size":1,"type":"market","leverage":50}', 'leverage'],
  ])('answers %s with 422 and the field, before anything is read', async (body, field) => {
    const submit = manualOrders({ ...deps, clock: {}, ids: {} } as never, env);
    const api = await apiUnderTest({ submitManualOrder: submit });

    const response = await api.post('/execute_order', body, { 'idempotency-key': 'k' });

    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      status: 'refused',
      code: 'invalid',
      client_order_id: null,
      message: expect.stringContaining(field),
    });
    await api.db.destroy();
  });
});
