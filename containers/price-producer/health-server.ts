import { createServer, type Server } from 'node:http';
import type { PriceProducerHealth } from './health.ts';

export interface HealthServer {
  readonly port: number;
  close(): void;
}

/** `GET /health` on loopback: 200 while prices flow, else 503, with the numbers. Anything else is 404. Rejects when the port is taken. */
export async function startHealthServer(port: number, health: () => PriceProducerHealth): Promise<HealthServer> {
  const server: Server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/health') {
      response.writeHead(404).end();
      return;
    }
    const now = health();
    response.writeHead(now.healthy ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(now));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
