import { SCENARIO_FAULTS } from './scenario-faults.ts';
import { ORDER_STATES, type SeedResult } from './simulate-seed.ts';

/** A kind of fault, or a state of an order, that too few seeds had. */
export interface Thin {
  readonly what: string;
  readonly seeds: number;
  readonly least: number;
}

export interface Coverage {
  /** Rows: kinds of faults; columns: seeds in which it fired, then seeds in which an order alive at such an instant went through the state. */
  readonly table: string;
  readonly thin: readonly Thin[];
}

/** In how many of 200 seeds a kind of fault must have fired; other numbers of seeds in proportion. */
const LEAST_OF_200 = 20;

export function coverageOf(results: readonly SeedResult[]): Coverage {
  const least = Math.ceil((LEAST_OF_200 * Math.min(200, results.length)) / 200);
  const fired = (kind: (typeof SCENARIO_FAULTS)[number]) => results.filter((result) => result.statesByFault[kind]);
  const rows = SCENARIO_FAULTS.map((kind) => {
    const with_ = fired(kind);
    const states = ORDER_STATES.map((state) => with_.filter((r) => r.statesByFault[kind]?.includes(state)).length);
    return { kind, numbers: [with_.length, ...states] };
  });
  const kills = Map.groupBy(
    results.flatMap((result) => [...new Set(result.killMoments)]),
    (moment) => moment,
  );
  const killLine = [...kills].sort().map(([moment, seeds]) => `${moment} ${seeds.length}`);
  const stateSeeds = ORDER_STATES.map((state) => ({
    what: `order state ${state}`,
    seeds: results.filter((r) => Object.values(r.statesByFault).some((states) => states?.includes(state))).length,
  }));
  const kindSeeds = rows.map(({ kind, numbers }) => ({ what: `fault kind ${kind}`, seeds: numbers[0]! }));
  return {
    table: [
      line('fault', ['seeds', ...ORDER_STATES]),
      ...rows.map(({ kind, numbers }) => line(kind, numbers.map(String))),
      '',
      `kills by moment, in seeds: ${killLine.join(', ') || 'none'}`,
    ].join('\n'),
    thin: [...kindSeeds, ...stateSeeds].filter(({ seeds }) => seeds < least).map((thin) => ({ ...thin, least })),
  };
}

const line = (name: string, cells: readonly string[]): string =>
  `${name.padEnd(22)}${cells.map((cell) => cell.padStart(Math.max(8, cell.length + 2))).join('')}`;
