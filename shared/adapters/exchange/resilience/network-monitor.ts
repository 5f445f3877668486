import { isDue } from '#shared/core/age.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { exchangeEvents } from '#shared/telemetry/exchange-names.ts';
import type { ErrorClass } from './exchange-failure.ts';

/** Errors of a class within the window that raise an alert. One bad certificate is already one too many. */
export const ALERT_THRESHOLDS: Readonly<Record<ErrorClass, number>> = {
  timeout: 3,
  'connection-refused': 5,
  network: 2,
  dns: 2,
  ssl: 1,
  'rate-limit': 5,
  unknown: 5,
};

export const ALERT_COOLDOWN_MS = 300_000;
const WINDOW_MS = 300_000;
const REMEMBERED_MAX = 100;

export interface NetworkMonitorDeps {
  readonly exchange: string;
  readonly clock: Clock;
  readonly alerts: Alerts;
  readonly telemetry: Telemetry;
}

/** Counts errors by class over five minutes and raises at most one alert per class in each cool-down. */
export class NetworkMonitor {
  readonly #deps: NetworkMonitorDeps;
  readonly #times = new Map<ErrorClass, number[]>();
  readonly #raisedAtMs = new Map<string, number>();

  constructor(deps: NetworkMonitorDeps) {
    this.#deps = deps;
  }

  async record(errorClass: ErrorClass, call: string, message: string): Promise<void> {
    const nowMs = this.#deps.clock.nowMs();
    const recent = (this.#times.get(errorClass) ?? [])
      .filter((atMs) => !isDue(atMs, nowMs, WINDOW_MS))
      .slice(1 - REMEMBERED_MAX);
    recent.push(nowMs);
    this.#times.set(errorClass, recent);
    if (recent.length < ALERT_THRESHOLDS[errorClass]) return;
    const severity = errorClass === 'ssl' || errorClass === 'dns' ? 'critical' : 'warning';
    await this.raise(`network-${errorClass}`, severity, `${recent.length} ${errorClass} errors in 5 minutes`, {
      errorClass,
      count: recent.length,
      call,
      lastError: message,
    });
  }

  /** Raises an alert unless one of the same kind was raised within the cool-down. Never throws. */
  async raise(
    kind: string,
    severity: 'warning' | 'critical',
    message: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { alerts, clock, exchange, telemetry } = this.#deps;
    const nowMs = clock.nowMs();
    const last = this.#raisedAtMs.get(kind);
    if (last !== undefined && !isDue(last, nowMs, ALERT_COOLDOWN_MS)) return;
    this.#raisedAtMs.set(kind, nowMs);
    const id = `exchange:${exchange}:${kind}:${nowMs}`;
    try {
      await alerts.raise({ id, kind: `exchange-${kind}`, severity, exchange, symbol: null, message, detail });
    } catch (error) {
      telemetry.log('error', exchangeEvents.alertFailed, { exchange, kind, error: String(error).slice(0, 300) });
    }
  }
}
