import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startMinistack } from '#local/ministack/ministack.ts';
import { MinistackUnavailable, ministackPython } from '#local/ministack/ministack-venv.ts';

const available = await ministackPython().then(
  () => true,
  (error: unknown) => !(error instanceof MinistackUnavailable),
);

describe('the emulator of AWS', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), '3t-ministack-test-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** A Python that runs this shell text. */
  const pretended = (script: string): string => {
    const path = join(dir, 'python3');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  it('says what to install where there is no Python', async () => {
    const started = ministackPython(join(dir, 'no-such-python'), join(dir, 'cache'));

    await expect(started).rejects.toThrow(MinistackUnavailable);
    await expect(started).rejects.toThrow(/was not found: install it .*apt-get install python3 python3-venv/);
  });

  it('says what to install where Python has no venv, and leaves nothing half-made', async () => {
    const python = pretended('case "$2" in venv) echo "ensurepip is not available"; exit 1;; *) echo 3.11;; esac');
    const started = ministackPython(python, join(dir, 'cache'));

    await expect(started).rejects.toThrow(/apt-get install python3-venv\nensurepip is not available/);
    expect(readdirSync(join(dir, 'cache'))).toEqual([]);
  });

  it('says that PyPI is out of reach when it cannot be installed', async () => {
    // Its venv holds a copy of itself, whose pip fails.
    const python = pretended(
      'case "$2" in venv) mkdir -p "$3/bin"; cp "$0" "$3/bin/python";; pip) echo "no matching distribution" >&2; exit 1;; *) echo 3.11;; esac',
    );

    await expect(ministackPython(python, join(dir, 'cache'))).rejects.toThrow(/PyPI.*\nno matching distribution/);
    expect(readdirSync(join(dir, 'cache'))).toEqual([]);
  });

  it.skipIf(!available)('answers on loopback, forgets when told, and is gone when stopped', async () => {
    const ministack = await startMinistack({ stateDir: dir, environment: process.env });
    const health = await fetch(`${ministack.endpoint}/_ministack/health`);
    expect(health.status).toBe(200);
    await ministack.reset();

    await ministack.stop();
    await ministack.stop();

    await expect(fetch(`${ministack.endpoint}/_ministack/health`)).rejects.toThrow();
    expect(() => process.kill(ministack.pid, 0)).toThrow(/ESRCH/);
  });

  it.skipIf(!available)('says what it said itself when it cannot start', async () => {
    const environment = { ...process.env };
    const first = await startMinistack({ stateDir: dir, environment });
    try {
      const second = startMinistack({ stateDir: join(dir, 'second'), environment, port: first.port });

      // The port is taken: it ends, and what answers there is the other one.
      await expect(second.then((started) => started.stop())).rejects.toThrow(MinistackUnavailable);
    } finally {
      await first.stop();
    }
  });
});
