import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '#local/virtual-time/virtual-clock.ts';
import type { LogLevel } from '#shared/ports/telemetry.ts';
import { JsonTelemetry } from '#shared/telemetry/json-telemetry.ts';
import { LogFile } from '#shared/telemetry/log-file.ts';
import { MetricsRegistry } from '#shared/telemetry/metrics-registry.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { readLogs } from '#shared/telemetry/read-logs.ts';
import { Redactor } from '#shared/telemetry/redactor.ts';

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

function create(minLevel: LogLevel = 'debug') {
  const lines: string[] = [];
  const clock = new VirtualClock(START_MS);
  const registry = new MetricsRegistry({ processMetrics: false });
  const sink = { write: (line: string) => void lines.push(line), droppedLines: 0 };
  const telemetry = new JsonTelemetry({
    clock,
    minLevel,
    sink,
    registry,
    redactor: new Redactor(),
    common: { stage: 's' },
  });
  return { lines, clock, registry, sink, telemetry };
}

describe('JsonTelemetry', () => {
  it('writes one JSON line per record with time, level, event, common and own fields', () => {
    const { lines, telemetry } = create();
    telemetry.log('info', logEvents.platformStarted, { pid: 7 });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { stage: 's', pid: 7, t: START_MS, at: '2026-01-02T03:04:05.000Z', level: 'info', event: 'platform.started' },
    ]);
  });

  it('lets no field pass for the event or break the line', () => {
    const { lines, telemetry } = create();
    telemetry.log('info', 'real', { event: 'forged', text: 'a\n{"event":"forged"}' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    expect(JSON.parse(lines[0]!).event).toBe('real');
  });

  it('keeps quiet below its level', () => {
    const { lines, telemetry } = create('warn');
    telemetry.log('info', 'quiet');
    telemetry.log('warn', 'loud');
    expect(lines).toHaveLength(1);
  });

  it('never throws, and counts what the sink lost', () => {
    const { registry, sink, telemetry } = create();
    sink.write = () => {
      throw new Error('disk');
    };
    telemetry.log('error', 'lost');
    sink.write = () => {};
    sink.droppedLines = 3;
    telemetry.log('info', 'later');
    telemetry.log('info', 'later');

    expect(registry.total(metrics.logDropped)).toBe(4);
  });
});

describe('readLogs', () => {
  it('gives the newest matching records over turned-over files and counts torn lines', async () => {
    const dir = mkdtempSync(join(tmpdir(), '3t-read-'));
    const path = join(dir, 'platform.jsonl');
    const clock = new VirtualClock(START_MS);
    const sink = new LogFile({ path, clock, maxBytes: 1000, maxFiles: 9, maxBufferedLines: 1000 });
    const registry = new MetricsRegistry({ processMetrics: false });
    const telemetry = new JsonTelemetry({ clock, minLevel: 'debug', sink, registry, redactor: new Redactor() });
    for (let n = 0; n < 40; n += 1) telemetry.log(n % 2 === 0 ? 'info' : 'error', n < 20 ? 'order.a' : 'feed.b', { n });
    sink.close();
    writeFileSync(path, `${readFileSync(path, 'utf8')}{"t":1,"ev`);

    const numbers = async (filter: Parameters<typeof readLogs>[1]) =>
      (await readLogs(path, filter)).records.map((record) => record.n);

    expect(await numbers({ limit: 3 })).toEqual([37, 38, 39]);
    expect(await numbers({ limit: 2, eventPrefix: 'order.' })).toEqual([18, 19]);
    expect(await numbers({ limit: 2, minLevel: 'error' })).toEqual([37, 39]);
    expect(await numbers({ limit: 5, contains: '"N":39' })).toEqual([39]);
    expect(await numbers({ limit: 5, sinceMs: START_MS + 1 })).toEqual([]);
    expect((await readLogs(path, { limit: 1 })).unreadableLines).toBe(1);
    rmSync(dir, { recursive: true });
  });
});
