import { ConfigError } from '#config/config-error.ts';
import { type LoadedConfig, loadConfig } from '#config/load.ts';
import { exchangeOf, exchangesOf } from '#config/venues.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { showLiveStatus } from './live-status.ts';
import { openPositionsTexts } from './open-positions.ts';
import { Shutdown } from './shutdown.ts';
import { parseStartOptions, type StartOptions } from './start-options.ts';
import { StateDirectory } from './state-directory.ts';
import { createTerminal, type Terminal } from './terminal.ts';

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
  const shutdown = new Shutdown(terminal);
  const embedded = await startEmbedded({
    config,
    state,
    port: options.port ?? config.http.port,
    seed: options.seed,
    onFatal: (error) => shutdown.fail(error.message),
    onNotice: (text) => terminal.say(text),
  });
  shutdown.arm(async () => {
    // Asked before anything ends. After a failure the database may be what failed: nobody waits for it then.
    const left = shutdown.failed
      ? 'open positions stay open, and nothing watches them until the next start: `npm run 3t -- positions` tells what is stored'
      : await embedded
          .snapshots()
          .then(openPositionsTexts, (e: Error) => `which positions stay open is unknown: ${e.message}`);
    terminal.say(left);
    await embedded.stop();
  });
  if (!shutdown.requested) await live(embedded, state, terminal, shutdown, performance.now() - began);
}

async function forgetState(state: StateDirectory): Promise<void> {
  state.claim();
  const { stopSimulator } = await import('./simulator-process.ts');
  for (const simulator of state.simulators()) await stopSimulator(simulator);
  state.clear();
}

async function live(
  embedded: Embedded,
  state: StateDirectory,
  terminal: Terminal,
  shutdown: Shutdown,
  startedInMs: number,
): Promise<void> {
  const { platform, server, simulators } = embedded;
  const first = await embedded.snapshots();
  const whose = (exchange: string) => (first.length === 1 ? '' : `${exchange} `);
  const { config } = platform.env;
  terminal.announce([
    ['page', `http://127.0.0.1:${server.port}`],
    ...exchangesOf(config).map((exchange): [string, string] => {
      const { httpUrl } = platform.env.venues[exchange]!;
      const still = simulators.get(exchange)?.found ? ' (still running)' : '';
      return ['exchange', `${exchange} ${exchangeOf(config, exchange).kind} at ${httpUrl}${still}`];
    }),
    ['database', state.database],
    ...first.flatMap(({ exchange, system, symbols }): [string, string][] => {
      const managed = symbols.filter((s) => s.managed).map((s) => s.symbol);
      return [
        ['system', `${whose(exchange)}${system ? `${system.state}: ${system.reason}` : 'no state yet'}`],
        ['symbols', `${whose(exchange)}${managed.join(', ')}`],
      ];
    }),
    ['ready in', `${(startedInMs / 1000).toFixed(2)} s; Ctrl-C stops it`],
  ]);
  showLiveStatus({
    terminal,
    shutdown,
    everyMs: STATUS_EVERY_MS,
    snapshots: () => embedded.snapshots(),
    ticks: () => embedded.ticks(),
  });
}

try {
  await main();
} catch (error) {
  console.error(`3T: ${(error as Error).message}`);
  process.exit(1);
}
