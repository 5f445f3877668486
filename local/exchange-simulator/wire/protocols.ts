import type { SimulatorOptions } from '../simulator-options.ts';
import { USDM_SIMULATOR } from './binance-usdm/open-wire.ts';
import { HYPERLIQUID_SIMULATOR } from './hyperliquid/open-wire.ts';

/** What a protocol brings along: markets that its venue could list, their names, and the wire. */
export type ProtocolOptions = Pick<SimulatorOptions, 'markets' | 'symbolOf' | 'openWire'>;

/** Venues that the simulator can be, by their name in the settings. A protocol is a folder here and a line below. */
export const PROTOCOLS: Readonly<Record<string, ProtocolOptions>> = {
  hyperliquid: HYPERLIQUID_SIMULATOR,
  'binance-usdm': USDM_SIMULATOR,
};
