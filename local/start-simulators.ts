import { nameFor } from '#config/functions.ts';
import { takesSimulator } from '#config/kind-settings.ts';
import type { Config } from '#config/schema.ts';
import type { VenueAddresses } from '#config/venue-settings.ts';
import { exchangeOf, exchangesOf } from '#config/venues.ts';
import { keepAliveFetch } from '#shared/adapters/system/keep-alive-fetch.ts';
import { findSimulator, type RunningSimulator, spawnSimulator } from './simulator-process.ts';
import type { StateDirectory } from './state-directory.ts';
import { UserError } from './user-error.ts';

/**
 * Finds or starts the simulator of each exchange that takes one, as `simulator`, or `simulator-<exchange>` for a further one. What is up is
 * in `simulators` even when the next one does not start.
 */
export async function startSimulators(
  config: Config,
  state: StateDirectory,
  seed: number,
  simulators: Map<string, RunningSimulator>,
): Promise<void> {
  const client = keepAliveFetch();
  try {
    for (const [index, exchange] of exchangesOf(config).entries()) {
      if (!takesSimulator(exchangeOf(config, exchange))) continue;
      const name = nameFor('simulator', config, exchange);
      const flags = [...simulatorFlags(config, exchange), '--state', state.simulatorState(name)];
      // Each its own market: what two real venues would show.
      const own = [...flags, '--seed', String(seed + index)];
      const found = await findSimulator(state, client.fetch, name);
      simulators.set(exchange, found ?? (await spawnSimulator(state, own, { name })));
    }
  } finally {
    client.close();
  }
}

const simulatorFlags = (config: Config, exchange: string): string[] => [
  '--protocol',
  exchangeOf(config, exchange).venue,
  '--port',
  // The configured one is the first exchange's.
  String(exchange === exchangesOf(config)[0] ? config.simulator.port : 0),
  '--ticks-per-second',
  String(config.simulator.ticks_per_second),
  '--history-minutes',
  String(config.simulator.warm_up_h * 60),
];

/** Where each exchange answers: its simulator, or the addresses of the settings. */
export const addressesOf = (config: Config, simulators: ReadonlyMap<string, RunningSimulator>) =>
  Object.fromEntries(
    exchangesOf(config).map((exchange): [string, VenueAddresses] => {
      const simulator = simulators.get(exchange);
      const { http_url, ws_url } = exchangeOf(config, exchange);
      const { httpUrl, wsUrl } = simulator?.file ?? { httpUrl: http_url, wsUrl: ws_url };
      if (httpUrl === null || wsUrl === null) throw new UserError(`exchanges.${exchange} needs http_url and ws_url`);
      return [exchange, { httpUrl, wsUrl }];
    }),
  );
