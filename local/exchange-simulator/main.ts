import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { ExchangeSimulator } from './exchange-simulator.ts';
import { ReplaySource } from './prices/replay-source.ts';
import { runOnClock } from './run-on-clock.ts';
import { startServer } from './server/simulator-server.ts';
import type { SimulatorOptions } from './simulator-options.ts';
import { marketSpecs } from './wire/hyperliquid/market-specs.ts';
import { PROTOCOLS } from './wire/protocols.ts';

/** The simulator as its own process. One JSON line on stdout when it is ready; messages for people on stderr. */
const number = (low: number, high: number, integer: boolean) => (text: string) => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= low && value <= high) || (integer && !Number.isInteger(value))) {
    throw new InvalidArgumentError(`expected a ${integer ? 'whole ' : ''}number from ${low} to ${high}`);
  }
  return value;
};
const time = (text: string) => {
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isFinite(ms)) throw new InvalidArgumentError('expected an ISO 8601 time or epoch milliseconds');
  return ms;
};

const program = new Command('exchange-simulator')
  .description('a venue on loopback: HTTP, WebSocket, two accounts, faults by script')
  .addOption(
    new Option('--protocol <name>', 'whose protocol it speaks').choices(Object.keys(PROTOCOLS)).default('hyperliquid'),
  )
  .option('--port <n>', 'port, 0 for any free one', number(0, 65_535, true), 0)
  .option('--host <address>', 'address to listen on; 0.0.0.0 only inside a container', '127.0.0.1')
  .option('--state <file>', 'SQLite file that is written before anything is answered (default: memory only)')
  .option('--seed <n>', 'seed of the price model', number(0, Number.MAX_SAFE_INTEGER, true), 1)
  .option('--ticks-per-second <n>', 'trades per second and symbol', number(0.01, 1_000, false), 5)
  .option('--symbols <n>', 'additional synthetic symbols SYN001 …', number(0, 1_000, true), 0)
  .option('--history-minutes <n>', 'minutes of candles before the start', number(0, 50_000, true), 1_500)
  .option('--stepped', 'time stands still until /control/advance', false)
  .option('--start <time>', 'market time of a stepped start (default: now, or the first bar of the replay)', time)
  .option('--replay <file>', 'bars of a CSV file instead of the model; implies --stepped')
  .option('--replay-coin <coin>', 'coin that the file is about', 'BTC')
  .option('--from <time>', 'bars before this time become candles only', time)
  .option('--testnet', 'expect signatures of the testnet (source "b")', false)
  .option('--own-trades-on-tape', 'print our own taker fills as public trades', false)
  .option('--strict-minimum', 'apply the 10 USD minimum to full reduce-only closes too', false)
  .option('--control-token <token>', 'token of /control/* (default: random, shown in the ready line)')
  .option('--exit-with-parent', 'exit when standard input closes', false)
  .parse();
const flags = program.opts<{
  protocol: string;
  port: number;
  host: string;
  state?: string;
  seed: number;
  ticksPerSecond: number;
  symbols: number;
  historyMinutes: number;
  stepped: boolean;
  start?: number;
  replay?: string;
  replayCoin: string;
  from?: number;
  testnet: boolean;
  ownTradesOnTape: boolean;
  strictMinimum: boolean;
  controlToken?: string;
  exitWithParent: boolean;
}>();

function fail(error: unknown): never {
  const cause = error as { code?: string; errcode?: number; message?: string };
  console.error(`exchange-simulator: ${cause.message ?? String(error)}${cause.code ? ` (${cause.code})` : ''}`);
  process.exit(1);
}

function optionsOf(): Partial<SimulatorOptions> {
  const protocol = PROTOCOLS[flags.protocol];
  if (protocol === undefined) fail(new Error(`no protocol ${flags.protocol}`));
  const markets = flags.symbols > 0 ? marketSpecs(flags.symbols) : protocol.markets;
  const market = markets.findIndex((spec) => spec.coin === flags.replayCoin);
  if (flags.replay !== undefined && market < 0) fail(new Error(`--replay-coin ${flags.replayCoin} is not listed`));
  const { replay } = flags;
  return {
    nowMs: systemClock.nowMs,
    mode: flags.stepped || replay !== undefined ? 'stepped' : 'clock',
    ...(flags.start === undefined ? {} : { startMs: flags.start }),
    seed: flags.seed,
    ticksPerSecond: flags.ticksPerSecond,
    historyMinutes: flags.historyMinutes,
    ...protocol,
    markets,
    ...(replay === undefined
      ? {}
      : {
          source: () =>
            new ReplaySource({
              path: replay,
              market,
              sizeDecimals: markets[market]?.sizeDecimals ?? 0,
              fromMs: flags.from ?? null,
            }),
        }),
    testnet: flags.testnet,
    ownTradesOnTape: flags.ownTradesOnTape,
    fullCloseBelowMinimum: !flags.strictMinimum,
    statePath: flags.state ?? null,
    maxLagMs: 5_000,
  };
}

try {
  const simulator = new ExchangeSimulator(optionsOf());
  const controlToken = flags.controlToken ?? randomBytes(16).toString('hex');
  const server = await startServer(simulator, { port: flags.port, host: flags.host, controlToken, onFatal: fail });
  // Ten milliseconds a batch: a thousand trades a second then cost a hundred commits, not a thousand.
  const driver = simulator.options.mode === 'clock' ? runOnClock(simulator, systemClock, 10) : null;
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    driver?.stop();
    simulator.close();
    void server.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (flags.exitWithParent) process.stdin.on('end', stop).on('error', stop).resume();
  const { httpUrl, wsUrl, port } = server;
  const mode = simulator.options.mode;
  const nowMs = simulator.nowMs();
  console.log(JSON.stringify({ ready: true, httpUrl, wsUrl, port, pid: process.pid, mode, nowMs, controlToken }));
} catch (error) {
  fail(error);
}
