import { ConfigError } from '#config/config-error.ts';
import { type LoadedConfig, loadConfig } from '#config/load.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { parseStartOptions, type StartOptions } from './start-options.ts';
import { StateDirectory } from './state-directory.ts';
import { statusLine } from './status-line.ts';
import { createTerminal } from './terminal.ts';

const STATUS_EVERY_MS = 1_000;

function readConfig(options: StartOptions): LoadedConfig {
  try {
    return loadConfig({ stage: options.stage, overrides: options.overrides });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2));
  const { config, warnings } = readConfig(options);
  const terminal = createTerminal({ quiet: options.quiet, stream: process.stderr });
  for (const warning of warnings) terminal.say(`warning: ${warning}`);
  const state = new StateDirectory(options.state ?? config.state_dir);
  if (options.replay) {
    const { runReplay } = await import('./replay/run-replay.ts');
    process.exitCode = await runReplay({ options, replay: options.replay, config, state, terminal });
    return;
  }
  if (options.fresh) await forgetState(state);
  const began = performance.now();
  const embedded = await startEmbedded({ config, state, port: options.port ?? config.http.port, seed: options.seed });
  await live(embedded, options, terminal, performance.now() - began);
}

async function forgetState(state: StateDirectory): Promise<void> {
  state.claim();
  const { stopSimulator } = await import('./simulator-process.ts');
  const simulator = state.readSimulator();
  if (simulator) await stopSimulator(simulator);
  state.clear();
}

async function live(
  embedded: Embedded,
  options: StartOptions,
  terminal: ReturnType<typeof createTerminal>,
  startedInMs: number,
): Promise<void> {
  const { platform, server, simulator } = embedded;
  const first = await embedded.snapshot();
  const { config } = platform.env;
  terminal.announce([
    ['page', `http://127.0.0.1:${server.port}`],
    [
      'exchange',
      `hyperliquid ${config.exchanges.hyperliquid.kind} at ${platform.env.venue.httpUrl}${simulator?.found ? ' (still running)' : ''}`,
    ],
    ['database', new StateDirectory(options.state ?? config.state_dir).database],
    ['system', first.system ? `${first.system.state}: ${first.system.reason}` : 'no state yet'],
    [
      'symbols',
      first.symbols
        .filter((s) => s.managed)
        .map((s) => s.symbol)
        .join(', '),
    ],
    ['ready in', `${(startedInMs / 1000).toFixed(2)} s; Ctrl-C stops it`],
  ]);
  let ticks = embedded.ticks();
  let stopping = false;
  const timer = setInterval(async () => {
    if (stopping) return;
    const now = embedded.ticks();
    const rate = (now - ticks) / (STATUS_EVERY_MS / 1000);
    ticks = now;
    try {
      const line = statusLine(await embedded.snapshot(), rate);
      if (!stopping) terminal.status(line, Date.now());
    } catch (error) {
      terminal.say(`status unreadable: ${(error as Error).message}`);
    }
  }, STATUS_EVERY_MS);
  const end = async (code: number) => {
    if (stopping) return;
    stopping = true;
    clearInterval(timer);
    terminal.end();
    try {
      await embedded.stop();
    } catch (error) {
      terminal.say(`while stopping: ${(error as Error).message}`);
      process.exit(1);
    }
    process.exit(code);
  };
  process.on('SIGINT', () => void end(0));
  process.on('SIGTERM', () => void end(0));
  process.on('SIGHUP', () => void end(0));
  const fatal = (error: unknown) => {
    terminal.say(`3T stops: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    void end(1);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
}

try {
  await main();
} catch (error) {
  console.error(`3T: ${(error as Error).message}`);
  process.exit(1);
}
