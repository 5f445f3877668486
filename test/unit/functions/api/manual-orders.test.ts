import { describe, expect, it } from 'vitest';
import { functionEnvironments } from '#config/function-environments.ts';
import { loadConfig } from '#config/load.ts';
import { manualOrdersEnvSchema } from '#functions/api/env.ts';
import { manualOrders } from '#functions/api/manual-orders.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { apiUnderTest } from '#test/support/api.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

describe('manual orders over HTTP', () => {
  const untouched = new Proxy({} as never, {
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
  const env = manualOrdersEnvSchema.parse(functionEnvironments({ config, holder: 'test', seed: 1 }, 'hyperliquid').api);

  it.each([
    ['{}', 'symbol'],
    ['[]', 'body'],
    ['{"symbol":"BTC/USDC:USDC","side":"buy","size":-1,"type":"market"}', 'size'],
    ['{"symbol":"BTC/USDC:USDC","side":"buy","size":1,"type":"limit"}', 'price'],
    ['{"symbol":"BTC/USDC:USDC","side":"buy","size":1,"type":"market","leverage":50}', 'leverage'],
  ])('answers %s with 422 and the field, before anything is read, and tells of it', async (body, field) => {
    const telemetry = new RecordingTelemetry();
    const submit = manualOrders({ ...deps, telemetry, clock: {}, ids: {} } as never, env);
    const api = await apiUnderTest({ submitManualOrder: submit });

    const response = await api.post('/execute_order', body, { 'idempotency-key': 'k' });

    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      status: 'refused',
      code: 'invalid',
      client_order_id: null,
      message: expect.stringContaining(field),
    });
    expect(telemetry.labelled(metrics.refusals)).toEqual([{ exchange: 'hyperliquid', code: 'hand:invalid' }]);
    expect(telemetry.logs).toMatchObject([
      { event: logEvents.orderRefused, fields: { code: 'invalid', idempotencyKey: 'k', sample: body } },
    ]);
    await api.db.destroy();
  });
});
