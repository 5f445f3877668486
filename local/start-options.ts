import { Command, InvalidArgumentError } from 'commander';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '#shared/core/time.ts';

/** What `npm start -- …` may say. */
export interface StartOptions {
  readonly stage: string;
  readonly overrides: readonly string[];
  readonly state: string | null;
  readonly fresh: boolean;
  readonly port: number | null;
  readonly seed: number;
  readonly summary: 'json' | null;
  readonly quiet: boolean;
  readonly replay: ReplayOptions | null;
}

export interface ReplayOptions {
  readonly file: string;
  /** Times real time; Infinity releases each instant as soon as the platform has come to rest. */
  readonly speed: number;
  readonly fromMs: number | null;
  readonly durationMs: number | null;
  readonly symbol: string;
  readonly untilDone: boolean;
  /** Market time between two checkpoints. */
  readonly checkpointEveryMs: number;
}

const UNITS: Record<string, number> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text);
  const ms = match ? Number(match[1]) * UNITS[match[2]!]! : 0;
  if (ms <= 0) throw new InvalidArgumentError('expected a number above 0 and a unit: 90s, 30m, 2h or 1d.');
  return ms;
}

export function parseInstant(text: string): number {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text)
    ? text
    : `${text.replace(' ', 'T')}${text.includes(':') ? '' : 'T00:00:00'}Z`;
  const ms = Date.parse(zoned);
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('expected a UTC time such as 2022-01-05 or 2022-01-05T12:00:00Z.');
  return ms;
}

function parseSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (!Number.isFinite(speed) || speed <= 0) throw new InvalidArgumentError('expected a number above 0, or max.');
  return speed;
}

function parseWhole(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

interface RawOptions {
  stage?: string;
  config: string[];
  state?: string;
  fresh: boolean;
  port?: number;
  seed: number;
  summary?: string;
  quiet: boolean;
  replay?: string;
  speed?: number;
  from?: number;
  duration?: number;
  symbol: string;
  untilDone: boolean;
  checkpointEvery?: number;
}

/** Without a file to replay these would be ignored, and whoever wrote them would wait for an end that does not come. */
const REPLAY_ONLY: readonly string[] = [
  '--speed',
  '--from',
  '--duration',
  '--symbol',
  '--checkpoint-every',
  '--until-done',
  '--summary',
];

/** Parses the words after `npm start --`. Commander prints help (exit 0) or the mistake (exit 2) and ends the process. */
export function parseStartOptions(argv: readonly string[]): StartOptions {
  const command = new Command('npm start --')
    .description('Run the whole of 3T on this machine, against its exchange simulator.')
    .option('--stage <name>', 'config/<name>.yaml on top of config/default.yaml (default: local, or replay)')
    .option('--config <key=value...>', 'override a setting, e.g. reconciliation_engine.rebalance_frequency=60', [])
    .option('--state <dir>', 'folder for databases and logs (default: state_dir of the config)')
    .option('--fresh', 'forget the state of earlier runs first', false)
    .option('--port <n>', 'port of the page; 0 takes any free one', parseWhole(0, 65_535))
    .option('--seed <n>', 'seed of prices and runs', parseWhole(0, 4_294_967_295), 1)
    .option('--summary <format>', 'print a summary as the last line when done: json')
    .option('--quiet', 'no table and no status line', false)
    .option('--replay <file>', 'feed the candles of a CSV file instead of simulated prices')
    .option('--speed <n|max>', 'replay speed: times real time, or max', parseSpeed)
    .option('--from <time>', 'start the replay at this UTC time', parseInstant)
    .option('--duration <time>', 'stop after this much market time: 90s, 30m, 2h, 1d', parseDuration)
    .option('--symbol <symbol>', 'symbol that the replay prices', 'BTC/USDC:USDC')
    .option(
      '--checkpoint-every <time>',
      'market time between two points that a killed replay resumes from',
      parseDuration,
    )
    .option('--until-done', 'exit when the replay has ended (implied by --summary)', false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const raw = command.parse([...argv], { from: 'user' }).opts<RawOptions>();
  const fail = (message: string): never => command.error(`error: ${message}`, { exitCode: 2 });
  if (raw.summary !== undefined && raw.summary !== 'json') fail(`--summary knows json, not '${raw.summary}'`);
  if (!raw.replay) {
    for (const option of command.options) {
      const isGiven = command.getOptionValueSource(option.attributeName()) === 'cli';
      if (isGiven && REPLAY_ONLY.includes(option.long!)) fail(`${option.long} needs --replay FILE`);
    }
  }
  return {
    stage: raw.stage ?? (raw.replay ? 'replay' : 'local'),
    overrides: raw.config,
    state: raw.state ?? null,
    fresh: raw.fresh,
    port: raw.port ?? null,
    seed: raw.seed,
    summary: raw.summary === 'json' ? 'json' : null,
    quiet: raw.quiet,
    replay: raw.replay
      ? {
          file: raw.replay,
          speed: raw.speed ?? 1,
          fromMs: raw.from ?? null,
          durationMs: raw.duration ?? null,
          symbol: raw.symbol,
          untilDone: raw.untilDone || raw.summary !== undefined,
          checkpointEveryMs: raw.checkpointEvery ?? DAY_MS,
        }
      : null,
  };
}
