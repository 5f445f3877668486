import { afterEach, describe, expect, it } from 'vitest';
import type { PriceProducerHealth } from '#containers/price-producer/health.ts';
import { type HealthServer, startHealthServer } from '#containers/price-producer/health-server.ts';

describe('the health of the price producer over HTTP', () => {
  let server: HealthServer | null = null;
  afterEach(() => server?.close());
  const start = async (healthy: boolean) => {
    const problems = healthy ? [] : ['no prices for 60000 ms'];
    server = await startHealthServer(0, () => ({ healthy, problems }) as unknown as PriceProducerHealth);
    return `http://127.0.0.1:${server.port}`;
  };

  it('is 200 while prices flow', async () => {
    const response = await fetch(`${await start(true)}/health`);
    expect([response.status, await response.json()]).toEqual([200, { healthy: true, problems: [] }]);
  });

  it('is 503 with the reason when they do not', async () => {
    const response = await fetch(`${await start(false)}/health`);
    expect([response.status, await response.json()]).toMatchObject([503, { problems: ['no prices for 60000 ms'] }]);
  });

  it('is nothing else', async () => {
    const url = await start(true);
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(`${url}/health`, { method: 'POST' })).status).toBe(404);
  });

  it('says so when its port is taken', async () => {
    await start(true);
    await expect(startHealthServer(server!.port, () => ({}) as PriceProducerHealth)).rejects.toThrow('EADDRINUSE');
  });
});
