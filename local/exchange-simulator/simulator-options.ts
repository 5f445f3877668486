import type { MarketSource } from './prices/market-source.ts';
import { type AccountSpec, TEST_ACCOUNTS } from './signers/test-accounts.ts';
import type { MarketSpec } from './venue/market-spec.ts';
import { HYPERLIQUID_SIMULATOR } from './wire/hyperliquid/open-wire.ts';
import type { OpenWire } from './wire/wire-protocol.ts';

export interface SimulatorOptions {
  /** The clock of mode `clock`, and the start of mode `stepped` unless `startMs` says otherwise. */
  readonly nowMs: () => number;
  /** `clock`: follows `nowMs`. `stepped`: time stands still until `advance`. */
  readonly mode: 'clock' | 'stepped';
  readonly startMs?: number;
  readonly seed: number;
  readonly ticksPerSecond: number;
  /** Minutes of candles before the first start; the model only. */
  readonly historyMinutes: number;
  readonly markets: readonly MarketSpec[];
  /** The platform's name of a market, by what the venue calls it. */
  readonly symbolOf: (venueSymbol: string) => string;
  readonly accounts: readonly AccountSpec[];
  /** Another source of prices than the model. */
  readonly source?: (markets: readonly MarketSpec[]) => MarketSource;
  /** Signatures of the testnet are expected. */
  readonly testnet: boolean;
  /** Whose protocol it speaks. */
  readonly openWire: OpenWire;
  readonly ownTradesOnTape: boolean;
  readonly fullCloseBelowMinimum: boolean;
  /** SQLite file that is written before anything is answered; null keeps everything in memory. */
  readonly statePath: string | null;
  /** In mode `clock`: ticks that are more than this late are dropped (a machine that slept). */
  readonly maxLagMs: number;
}

export const DEFAULT_OPTIONS: SimulatorOptions = {
  ...HYPERLIQUID_SIMULATOR,
  nowMs: () => 1_700_000_000_000,
  mode: 'stepped',
  seed: 1,
  ticksPerSecond: 5,
  historyMinutes: 1_500,
  accounts: TEST_ACCOUNTS,
  testnet: false,
  ownTradesOnTape: false,
  fullCloseBelowMinimum: true,
  statePath: null,
  maxLagMs: Number.POSITIVE_INFINITY,
};
