import { readEnvironment } from '#shared/messages/read-environment.ts';
import { createCorsProxy } from './cors-proxy.ts';
import { corsProxyEnvSchema } from './env.ts';

const env = readEnvironment(corsProxyEnvSchema, process.env);
const server = createCorsProxy({ fetch }, env);

function stop(): void {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
server.on('error', (error) => {
  process.stderr.write(`cors-proxy: ${error.message}\n`);
  process.exit(1);
});
server.listen(env.PORT, env.HOST, () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : env.PORT;
  process.stdout.write(`${JSON.stringify({ ready: true, port, venue: env.VENUE_HTTP_URL, origins: env.ORIGINS })}\n`);
});
