import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';
import type { ReplaySimulator } from './replay-simulator.ts';

/** Where the real time of a replay went. Handlers contain their requests and statements; the rest is the driver's. */
export interface ReplayProfile {
  readonly wallMs: number;
  readonly handlers: readonly { readonly name: string; readonly invocations: number; readonly ms: number }[];
  readonly http: { readonly requests: number; readonly ms: number };
  readonly sql: { readonly statements: number; readonly ms: number };
  readonly market: { readonly advances: number; readonly ms: number };
  readonly timers: number;
  readonly checkpoints: { readonly count: number; readonly ms: number };
  /** Processor time of the process, platform and simulator: what a busy machine does not blur. */
  readonly cpuMs: number;
  /** Its peak resident memory in MiB. */
  readonly peakMiB: number;
}

/** Adds up what telemetry and the database tell it. */
export class Profiler {
  readonly #handlers = new Map<string, { invocations: number; ms: number }>();
  readonly #began = performance.now();
  statements = 0;
  statementMs = 0;
  advances = 0;
  advanceMs = 0;
  timers = 0;
  checkpoints = 0;
  checkpointMs = 0;

  readonly onStatement = (durationMs: number): void => {
    this.statements += 1;
    this.statementMs += durationMs;
  };

  /** The same telemetry, with the durations of functions noted. */
  observe(inner: Telemetry): Telemetry {
    return {
      log: (level, event, fields) => inner.log(level, event, fields),
      count: (metric, value, labels) => inner.count(metric, value, labels),
      gauge: (metric, value, labels) => inner.gauge(metric, value, labels),
      timing: (metric, durationMs, labels) => {
        if (metric === metrics.functionMs && labels?.function) this.#handler(labels.function, durationMs);
        inner.timing(metric, durationMs, labels);
      },
    };
  }

  profile({ requests, requestMs }: Pick<ReplaySimulator, 'requests' | 'requestMs'>): ReplayProfile {
    const { user, system } = process.cpuUsage();
    const handlers = [...this.#handlers].map(([name, { invocations, ms }]) => ({ name, invocations, ms }));
    return {
      wallMs: performance.now() - this.#began,
      handlers: handlers.sort((a, b) => b.ms - a.ms),
      http: { requests, ms: requestMs },
      sql: { statements: this.statements, ms: this.statementMs },
      market: { advances: this.advances, ms: this.advanceMs },
      timers: this.timers,
      checkpoints: { count: this.checkpoints, ms: this.checkpointMs },
      cpuMs: (user + system) / 1000,
      // Node gives kibibytes whatever the system.
      peakMiB: process.resourceUsage().maxRSS / 1024,
    };
  }

  #handler(name: string, durationMs: number): void {
    const row = this.#handlers.get(name) ?? { invocations: 0, ms: 0 };
    row.invocations += 1;
    row.ms += durationMs;
    this.#handlers.set(name, row);
  }
}

/** As lines for people. */
export function profileLines(profile: ReplayProfile): string[] {
  const row = (name: string, count: number, ms: number) => {
    const each = count > 0 ? ((1000 * ms) / count).toFixed(0) : '-';
    return `  ${name.padEnd(22)}${String(count).padStart(10)}${(ms / 1000).toFixed(1).padStart(10)}${each.padStart(10)}`;
  };
  const { handlers, http, sql, market, checkpoints, cpuMs, peakMiB } = profile;
  const inHandlers = handlers.reduce((sum, handler) => sum + handler.ms, 0);
  return [
    `  ${'where the time went'.padEnd(22)}${'count'.padStart(10)}${'s'.padStart(10)}${'µs each'.padStart(10)}`,
    ...handlers.map(({ name, invocations, ms }) => row(name, invocations, ms)),
    row('market instants', market.advances, market.ms),
    row('checkpoints', checkpoints.count, checkpoints.ms),
    row('all else', profile.timers, profile.wallMs - inHandlers - market.ms - checkpoints.ms),
    '  of these:',
    row('  requests to venue', http.requests, http.ms),
    row('  SQL statements', sql.statements, sql.ms),
    `  processor ${(cpuMs / 1000).toFixed(0)} s, peak memory ${peakMiB.toFixed(0)} MiB`,
  ];
}
