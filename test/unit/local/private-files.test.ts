import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateStore } from '#local/exchange-simulator/storage/state-store.ts';
import { StateDirectory } from '#local/state-directory.ts';
import { openSqlite } from '#shared/adapters/sql/open-database.ts';
import { fileInstallationMarker } from '#shared/adapters/system/file-installation-marker.ts';
import { fileObserverDocuments } from '#shared/adapters/system/file-observer-documents.ts';
import { systemClock } from '#shared/adapters/system/system-clock.ts';
import { LogFile } from '#shared/telemetry/log-file.ts';
import { anObserverDocument } from '#test/support/system.ts';

describe.skipIf(process.platform === 'win32')('a state folder that others may enter', () => {
  let dir: string;
  let mask: number;
  beforeEach(() => {
    mask = process.umask(0o022);
    dir = mkdtempSync(join(tmpdir(), '3t-private-'));
    chmodSync(dir, 0o755);
  });
  afterEach(() => {
    process.umask(mask);
    rmSync(dir, { recursive: true, force: true });
  });

  /** Everything that a platform keeps there, as its parts write it; the databases stay open, with what SQLite puts beside them. */
  async function fill() {
    const state = new StateDirectory(dir);
    state.claim();
    const db = await openSqlite({ path: state.database });
    await db.insertInto('installation').values({ name: 'x', value: 'y' }).execute();
    const simulator = new StateStore(state.simulatorState());
    simulator.commit({
      values: [{ key: 'k', body: '{}' }],
      orders: [],
      fills: [],
      events: [],
      candles: [],
      trades: [],
    });
    state.writePlatform({ pid: 1, port: 2, token: 't', startedAtMs: 3 });
    state.writeSimulator({ pid: 1, httpUrl: 'u', wsUrl: 'w', controlToken: 't' });
    await fileInstallationMarker(state.file('installation.json')).write({ tag: 'aaaaaaaa', stateVersions: {} });
    await fileObserverDocuments(state.file('observers')).put(anObserverDocument('observer-1', 1));
    const path = join(state.logs, 'platform.jsonl');
    const log = new LogFile({ path, clock: systemClock, maxBytes: 1e6, maxFiles: 2, maxBufferedLines: 10 });
    log.write('{}');
    log.flush();
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const open = files.map(({ name, parentPath }) => [name, statSync(join(parentPath, name)).mode & 0o777] as const);
    simulator.snapshotTo(join(dir, 'snapshot.sqlite'));
    const snapshot = statSync(join(dir, 'snapshot.sqlite')).mode & 0o777;
    const rows = new DatabaseSync(join(dir, 'snapshot.sqlite'), { readOnly: true })
      .prepare('select * from state')
      .all();
    log.close();
    simulator.close();
    await db.destroy();
    state.release();
    return { open: new Map(open), snapshot, rows };
  }

  it('holds only files that their owner alone may read', async () => {
    const { open, snapshot, rows } = await fill();

    for (const name of ['platform.sqlite', 'platform.sqlite-wal', 'platform.sqlite-shm', 'simulator.sqlite-wal']) {
      expect([...open.keys()]).toContain(name);
    }
    for (const [name, mode] of open) expect(mode.toString(8), name).toBe('600');
    expect([snapshot.toString(8), rows.length]).toEqual(['600', 1]);
  });

  it('has what an earlier release left readable mended, and nothing else touched', async () => {
    const names = ['platform.sqlite', 'simulator.sqlite', 'claim.sqlite', 'installation.json', 'logs/platform.1.jsonl'];
    mkdirSync(join(dir, 'logs'));
    for (const name of [...names, 'mine.csv']) writeFileSync(join(dir, name), '', { mode: 0o644 });

    await fill();

    const modeOf = (name: string) => (statSync(join(dir, name)).mode & 0o777).toString(8);
    expect(names.map(modeOf)).toEqual(names.map(() => '600'));
    expect(modeOf('mine.csv')).toBe('644');
  });
});
