import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateDirectory } from '#local/state-directory.ts';

describe('StateDirectory', () => {
  let dir: string;
  let state: StateDirectory;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), '3t-state-'));
    state = new StateDirectory(dir);
  });
  afterEach(() => {
    state.release();
    rmSync(dir, { recursive: true, force: true });
  });

  it('makes the folders above it, for its owner alone', () => {
    const nested = new StateDirectory(join(dir, 'a', 'b'));

    expect(statSync(nested.logs).isDirectory()).toBe(true);
    expect(['a', 'a/b', 'a/b/logs'].map((name) => statSync(join(dir, name)).mode & 0o777)).toEqual([
      0o700, 0o700, 0o700,
    ]);
  });

  // Below /proc nobody can make anything, root included; Node's own recursive mkdir never returns there.
  it.each(['/proc/3t', join(tmpdir(), '3t-state-file', 'below')])('says that %s cannot be its folder', (path) => {
    writeFileSync(join(tmpdir(), '3t-state-file'), '');

    expect(() => new StateDirectory(path)).toThrow(
      new RegExp(`^the state folder ${path} cannot be used: .*; choose another with --state$`),
    );
    rmSync(join(tmpdir(), '3t-state-file'));
  });

  /** As another process would: a connection of its own to the lock. */
  const heldElsewhere = () => {
    const holder = new DatabaseSync(join(dir, 'claim.sqlite'));
    holder.exec('begin exclusive');
    return holder;
  };

  it('refuses a folder that another process has, naming it when it is known', () => {
    const holder = heldElsewhere();

    expect(() => state.claim()).toThrow(`another 3T is running on ${dir}; stop it, or choose another folder`);
    state.writePlatform({ pid: process.pid, port: 1, token: '', startedAtMs: 0 });
    expect(() => state.claim()).toThrow(`another 3T (process ${process.pid}) is running on ${dir}`);
    holder.close();
  });

  it('takes a folder whose last owner left its mark and is gone, even when its number belongs to somebody else now', () => {
    state.writePlatform({ pid: process.ppid, port: 1, token: '', startedAtMs: 0 });

    expect(() => state.claim()).not.toThrow();
  });

  it('may be claimed again by the process that has it, and by another one once released', () => {
    state.claim();
    expect(() => new StateDirectory(dir).claim()).not.toThrow();
    expect(() => heldElsewhere()).toThrow('locked');

    state.release();
    expect(() => heldElsewhere().close()).not.toThrow();
  });

  it('is free again at once after its owner was killed', () => {
    const code = `import { StateDirectory } from '#local/state-directory.ts';
      new StateDirectory(${JSON.stringify(dir)}).claim();
      process.kill(process.pid, 'SIGKILL');`;
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: process.cwd() });

    expect(signal).toBe('SIGKILL');
    expect(() => state.claim()).not.toThrow();
  });

  it('forgets everything when cleared but its claim', () => {
    state.claim();
    writeFileSync(state.database, 'x');
    writeFileSync(join(state.logs, 'platform.jsonl'), 'x');

    state.clear();

    expect([existsSync(state.database), existsSync(join(state.logs, 'platform.jsonl'))]).toEqual([false, false]);
    expect(existsSync(state.logs)).toBe(true);
    expect(() => heldElsewhere()).toThrow('locked');
  });
});
