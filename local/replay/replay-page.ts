import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { createApi } from '#local/platform/api.ts';
import type { Platform } from '#local/platform/platform.ts';
import { PROJECT_DIR } from '../embedded.ts';
import { type HttpServer, startHttpServer } from '../http-server.ts';
import { loadPageAssets } from '../page-assets.ts';
import type { StateDirectory } from '../state-directory.ts';
import type { TelemetrySetup } from '../telemetry-setup.ts';

export interface ReplayPage {
  readonly port: number;
  /** The platform whose rows are shown; null between two segments. */
  show(platform: Platform | null): void;
  close(): Promise<void>;
}

/** Page and API as in live mode, over whichever platform is alive. */
export async function startReplayPage(
  state: StateDirectory,
  telemetry: TelemetrySetup,
  port: number,
): Promise<ReplayPage> {
  const token = randomBytes(24).toString('base64url');
  telemetry.redactor.addSecret(token);
  let api: Hono | null = null;
  let server: HttpServer | null = null;
  const app = new Hono();
  app.notFound((c) => {
    if (api) return api.fetch(c.req.raw, c.env);
    return c.json({ error: 'between-segments', message: 'a checkpoint is being written; ask again' }, 503);
  });
  server = await startHttpServer(app, loadPageAssets({ projectDir: PROJECT_DIR, token, venue: 'replay' }), port);
  const { port: taken } = server;
  state.writePlatform({ pid: process.pid, port: taken, token, startedAtMs: Date.now() });
  return {
    port: taken,
    show: (platform) => {
      api =
        platform &&
        createApi(platform, {
          token,
          allowedHosts: () => [`127.0.0.1:${taken}`, `localhost:${taken}`],
          processMetrics: () => {
            platform.plumbing.reportBacklogs();
            return telemetry.registry.render();
          },
        });
    },
    close: async () => {
      await server.close();
      state.removePlatform();
    },
  };
}
