import { join } from 'node:path';
import type { Config } from '#config/schema.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { JsonTelemetry } from '#shared/telemetry/json-telemetry.ts';
import { LogFile } from '#shared/telemetry/log-file.ts';
import { MetricsRegistry } from '#shared/telemetry/metrics-registry.ts';
import { Redactor } from '#shared/telemetry/redactor.ts';

/** Logs to `<logs>/platform.jsonl` and metrics in memory. Lines carry market time; the file is flushed by wall time. */
export function createTelemetry(config: Config, logsDir: string, clock: Clock) {
  const { telemetry } = config;
  const redactor = new Redactor();
  const registry = new MetricsRegistry({ processMetrics: true });
  const file = new LogFile({
    path: join(logsDir, 'platform.jsonl'),
    clock: systemClock,
    maxBytes: telemetry.log_max_bytes,
    maxFiles: telemetry.log_max_files,
    maxBufferedLines: telemetry.log_buffer_records,
  });
  const logger = new JsonTelemetry({
    clock,
    minLevel: telemetry.log_level,
    sink: file,
    registry,
    redactor,
    common: { stage: config.stage },
  });
  return { logger, registry, redactor, file };
}
export type TelemetrySetup = ReturnType<typeof createTelemetry>;
