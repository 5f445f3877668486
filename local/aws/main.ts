import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '#config/config-error.ts';
import { loadConfig } from '#config/load.ts';
import { showLiveStatus } from '#local/live-status.ts';
import { Shutdown } from '#local/shutdown.ts';
import { startStagePage } from '#local/stage/stage-page.ts';
import { StateDirectory } from '#local/state-directory.ts';
import { createTerminal } from '#local/terminal.ts';
import { LAMBDA_API_ORIGIN } from '#shared/adapters/aws/lambda-http.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import { startLocalAws } from './local-aws.ts';

const STAGE = 'local-aws';
const PROJECT = join(import.meta.dirname, '..', '..');
const STATUS_EVERY_MS = 2_000;
/** Four programs have to end. */
const STOP_LIMIT_MS = 30_000;

const { port, seed, quiet } = new Command('local:aws')
  .description(
    'The stacks of a deployment in an AWS emulator on this machine, trading at the exchange simulator. Needs python3 and MariaDB, no Docker, no account.',
  )
  .option('--port <n>', 'of the page; 0 takes any free one', '8080')
  .option('--seed <n>', 'of the simulated prices', '1')
  .option('--quiet', 'no status line', false)
  .parse()
  .opts<{ port: string; seed: string; quiet: boolean }>();

function readConfig() {
  try {
    return loadConfig({ stage: STAGE }).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

async function main(): Promise<void> {
  const config = readConfig();
  const state = new StateDirectory(config.state_dir);
  state.claim();
  const terminal = createTerminal({ quiet, stream: process.stderr });
  const shutdown = new Shutdown(terminal, STOP_LIMIT_MS);
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(0);
  const aws = await startLocalAws({
    config,
    state,
    environment: process.env,
    seed: Number(seed),
    onStep: (step) => terminal.say(`${seconds().padStart(3)} s  ${step}`),
  });
  const token = randomBytes(24).toString('base64url');
  const page = await startStagePage({
    api: aws.api,
    projectDir: PROJECT,
    port: Number(port),
    token,
    venue: `simulator ${STAGE}`,
  });
  state.writePlatform({ pid: process.pid, port: page.port, token, startedAtMs: Date.now() });
  shutdown.arm(async () => {
    state.removePlatform();
    await page.close();
    await aws.stop();
  });
  terminal.announce([
    ['page', `http://127.0.0.1:${page.port}`],
    ['AWS', `${aws.endpoint} (ministack)`],
    ['exchange', `hyperliquid simulator at ${aws.simulator.file.httpUrl}`],
    ['command line', 'npm run 3t -- status --stage local'],
    ['ready in', `${seconds()} s; Ctrl-C takes all of it down`],
  ]);
  setInterval(() => {
    if (!shutdown.requested && aws.producer.hasEnded())
      shutdown.fail(`the price producer has ended; see ${aws.producer.logPath}`);
  }, STATUS_EVERY_MS);
  const snapshot = async () => (await (await aws.api(`${LAMBDA_API_ORIGIN}/api/status`)).json()) as PlatformSnapshot;
  showLiveStatus({
    terminal,
    shutdown,
    everyMs: STATUS_EVERY_MS,
    snapshots: async () => [await snapshot()],
    ticks: null,
  });
}

try {
  await main();
} catch (error) {
  console.error(`3T: ${(error as Error).message}`);
  process.exit(1);
}
