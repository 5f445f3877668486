import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '#config/schema.ts';
import { marketSpecs } from '#local/exchange-simulator/wire/hyperliquid/market-specs.ts';
import { unifiedSymbol } from '#shared/adapters/exchange/hyperliquid/hyperliquid-symbols.ts';
import type { FetchLike } from '#shared/adapters/system/keep-alive-fetch.ts';
import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';
import {
  control,
  type RunningSimulator,
  type SimulatorStatus,
  simulatorStatusSchema,
  spawnSimulator,
  stopSimulator,
} from '../simulator-process.ts';
import type { StartOptions } from '../start-options.ts';
import type { StateDirectory } from '../state-directory.ts';
import { UserError } from '../user-error.ts';
import type { ProcessFigures } from './profile.ts';
import { ledgerSchema, type ReplayLedger } from './summary.ts';

/** The simulator of a replay, as its driver talks to it. */
export interface ReplayVenue {
  readonly httpUrl: string;
  readonly wsUrl: string;
  status(nowMs: number): Promise<SimulatorStatus>;
  advance(toMs: number): Promise<SimulatorStatus>;
  snapshot(path: string): Promise<void>;
  restore(path: string): Promise<SimulatorStatus>;
  ledger(): Promise<ReplayLedger>;
  figures(): ProcessFigures;
  stop(): Promise<void>;
}

/** The simulator's market of a symbol, which may be written short (`eth`); throws a sentence with the symbols that there are. */
export function marketOf(text: string): { readonly symbol: string; readonly coin: string } {
  const markets = marketSpecs().map(({ coin }) => ({ coin, venueSymbol: coin, symbol: unifiedSymbol(coin) }));
  const symbol = resolveSymbol(markets, text);
  const found = markets.find((market) => market.symbol === symbol);
  if (found) return found;
  throw new UserError(`--symbol ${text} is not listed; choose one of ${markets.map((m) => m.symbol).join(', ')}`);
}

/**
 * Starts a simulator that stands at the first bar, or at a snapshot. It keeps no file of its own, because a replay never goes
 * on from anything but a checkpoint. One that an earlier process left behind is ended.
 */
export async function startReplayVenue(
  parts: {
    readonly config: Config;
    readonly options: StartOptions;
    readonly file: string;
    readonly coin: string;
    readonly state: StateDirectory;
    readonly fetch: FetchLike;
  },
  snapshot: string | null,
): Promise<ReplayVenue> {
  const { config, options, state, fetch } = parts;
  const left = state.readSimulator();
  if (left) await stopSimulator(left);
  const flags = ['--port', String(config.simulator.port), '--seed', String(options.seed)];
  flags.push('--replay', resolve(parts.file), '--replay-coin', parts.coin);
  if (options.replay?.fromMs != null) flags.push('--from', String(options.replay.fromMs));
  const running = await spawnSimulator(state, flags, { diesWithUs: true });
  const venue = talkTo(running, state, fetch);
  if (snapshot !== null) await venue.restore(snapshot);
  return venue;
}

function talkTo({ file }: RunningSimulator, state: StateDirectory, fetch: FetchLike): ReplayVenue {
  const asked = async (verb: string, body: unknown = {}) =>
    simulatorStatusSchema.parse(await control(fetch, file, verb, body));
  // Asked four times a bar, of our own process: checked once at the start and then believed.
  const advance = async (toMs: number) => (await control(fetch, file, 'advance', { toMs })) as SimulatorStatus;
  return {
    httpUrl: file.httpUrl,
    wsUrl: file.wsUrl,
    // Moves nothing: the simulator is never ahead of the platform.
    status: (nowMs) => asked('advance', { toMs: nowMs }),
    advance,
    snapshot: async (path) => {
      await control(fetch, file, 'snapshot', { path });
    },
    restore: (path) => asked('restore', { path }),
    ledger: async () => ledgerSchema.parse(await control(fetch, file, 'ledger')),
    figures: () => ({ cpuMs: cpuOf(file.pid), peakMiB: peakOf(file.pid) }),
    stop: async () => {
      await stopSimulator(file);
      state.removeSimulator();
    },
  };
}

/** Linux counts in hundredths of a second. */
const CLOCK_TICK_MS = 10;

function cpuOf(pid: number): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(ticks) ? ticks * CLOCK_TICK_MS : null;
  } catch {
    return null;
  }
}

function peakOf(pid: number): number | null {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? null : Number(kibibytes) / 1024;
  } catch {
    // Only Linux has it.
    return null;
  }
}
