import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { venueWords } from '#config/kind-settings.ts';
import { startStagePage } from '#local/stage/stage-page.ts';
import type { CommandContext } from '../context.ts';
import { CliFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { isDeployed, stageApi, stageConfig } from '../stage-client.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

/** `3t page --stage X`: Mission Control of a deployed stage on loopback, until Ctrl-C. */
export async function page(ctx: CommandContext, options: { readonly port: number }): Promise<ExitCode> {
  if (!isDeployed(ctx.stage)) {
    throw new CliFailure(
      EXIT.usage,
      'embedded-stage',
      `stage ${ctx.stage} serves its own page: npm start prints where`,
    );
  }
  const words = venueWords(stageConfig(ctx.stage));
  // The stage is asked before anything is promised.
  await ctx.platform().get('/api/status');
  const server = await startStagePage({
    api: stageApi(ctx.stage, ctx.io),
    projectDir: PROJECT,
    port: options.port,
    token: randomBytes(24).toString('base64url'),
    venue: words,
  });
  const url = `http://127.0.0.1:${server.port}`;
  ctx.print({ url }, () => `page of ${ctx.stage}: ${url}; Ctrl-C ends it`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  return EXIT.ok;
}
