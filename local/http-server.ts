import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { inRealTime } from '#local/virtual-time/virtual-globals.ts';
import { PAGE_HEADERS, type PageAsset } from './page-assets.ts';

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Adds the page's files to the API and listens on loopback only. Throws a sentence when the port is taken. */
export function startHttpServer(app: Hono, assets: ReadonlyMap<string, PageAsset>, port: number): Promise<HttpServer> {
  for (const [path, asset] of assets) {
    app.get(path, () => new Response(asset.body, { headers: { ...PAGE_HEADERS, 'content-type': asset.contentType } }));
  }
  return new Promise((resolve, reject) => {
    // The page lives in real time, also during a replay.
    const inReal = (serverOptions: ServerOptions, listener: RequestListener) =>
      createServer(serverOptions, (request, response) => inRealTime(() => listener(request, response)));
    const options = { fetch: app.fetch, hostname: '127.0.0.1', port, createServer: inReal as typeof createServer };
    const server = serve(options) as Server;
    server.on('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken ? new Error(`port ${port} is taken; choose another with --port N, or --port 0 for any free one`) : error,
      );
    });
    server.on('listening', () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            // Event streams of open pages never end by themselves.
            server.closeAllConnections();
          }),
      });
    });
  });
}
