import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { spawnSimulator } from '#local/simulator-process.ts';
import { isAlive, StateDirectory } from '#local/state-directory.ts';
import { StartBench, type StartedCommand } from '#test/support/start-command.ts';

const STOP_LIMIT_MS = 3_000;

/** Every process whose command line names the folder. */
const processesOn = (dir: string): readonly string[] =>
  spawnSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(dir));

const integrityOf = (path: string): unknown => {
  const db = new DatabaseSync(path);
  try {
    return db.prepare('pragma integrity_check').get()?.integrity_check;
  } finally {
    db.close();
  }
};

describe('npm start', () => {
  let bench: StartBench;
  beforeEach(() => {
    bench = new StartBench();
  });
  afterEach(() => bench.close());

  const stopsCleanly = async (command: StartedCommand, stop: () => void) => {
    const { platform, simulator } = await bench.up(command);
    const began = performance.now();
    stop();
    const { code, signal } = await command.ended;
    const tookMs = performance.now() - began;
    expect(tookMs).toBeLessThan(STOP_LIMIT_MS);
    expect([isAlive(platform.pid), isAlive(simulator.pid)]).toEqual([false, false]);
    expect(processesOn(bench.stateDir)).toEqual([]);
    expect([existsSync(bench.file('platform.json')), existsSync(bench.file('simulator.json'))]).toEqual([false, false]);
    expect(integrityOf(bench.file('platform.sqlite'))).toBe('ok');
    // Flushed: the last line of the log is a whole one.
    const log = readFileSync(bench.file('logs/platform.jsonl'), 'utf8');
    expect(log.endsWith('\n') && JSON.parse(log.trimEnd().split('\n').at(-1)!)).toBeTruthy();
    return code ?? signal;
  };

  it('flushes and exits 0 within 3 s on Ctrl-C, with no process left', async () => {
    const command = bench.npmStart();

    // `exec` in the script: a shell that stayed would die of the signal, and npm repeat that as its own end.
    expect(await stopsCleanly(command, () => command.signalGroup('SIGINT'))).toBe(0);
    expect(command.output()).toMatch(/no known position stays open|these positions stay open/);
    expect(readFileSync(bench.file('logs/platform.jsonl'), 'utf8')).not.toMatch(/"level":"(?:warn|error)"/);
  });

  it('exits 0 on Ctrl-C when the script is started without npm', async () => {
    const command = bench.script();

    expect(await stopsCleanly(command, () => command.signalGroup('SIGINT'))).toBe(0);
  });

  it('stops as cleanly when only npm is told to end', async () => {
    const command = bench.npmStart();

    expect(await stopsCleanly(command, () => command.signal('SIGTERM'))).toBe(0);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('passes %s on when only the wrapper gets it', async (signal) => {
    const command = bench.script();

    expect(await stopsCleanly(command, () => command.signal(signal))).toBe(0);
  });

  it('stops as cleanly when it is interrupted while it starts', async () => {
    const command = bench.script();
    while (!existsSync(bench.file('simulator.json'))) await new Promise((resolve) => setTimeout(resolve, 20));

    command.signalGroup('SIGINT');
    const { code } = await command.ended;

    expect(code).toBe(0);
    expect(processesOn(bench.stateDir)).toEqual([]);
  });

  it('refuses a second platform on the same folder and leaves the first one alone', async () => {
    const first = bench.script();
    const { platform } = await bench.up(first);

    const second = bench.script();
    const { code } = await second.ended;

    expect(code).toBe(1);
    expect(second.output()).toBe(
      `3T: another 3T (process ${platform.pid}) is running on ${bench.stateDir}; stop it, or choose another folder with --state\n`,
    );
    expect(isAlive(platform.pid)).toBe(true);
  });

  it('lets one of two win that are started at the same moment', async () => {
    const both = [bench.script(), bench.script()];

    const loser = await Promise.race(both.map((command) => command.ended.then(({ code }) => ({ command, code }))));
    const winner = both.find((command) => command !== loser.command)!;
    await bench.up(winner);

    expect(loser.code).toBe(1);
    expect(loser.command.output()).toMatch(/^3T: another 3T.* is running on /);
    expect(processesOn(bench.stateDir).filter((line) => line.includes('exchange-simulator'))).toHaveLength(1);
  });

  it('says that another process holds the database, and leaves no process behind', async () => {
    const holder = new DatabaseSync(bench.file('platform.sqlite'));
    holder.exec('begin exclusive');

    const command = bench.script();
    const { code } = await command.ended;
    holder.exec('rollback');
    const tables = holder.prepare('select count(*) as n from sqlite_master').get();
    holder.close();

    expect(code).toBe(1);
    expect(command.output()).toContain(
      `database ${bench.file('platform.sqlite')}: another process holds it (database is locked); nothing of the platform was started`,
    );
    expect(tables).toEqual({ n: 0 });
    expect(processesOn(bench.stateDir)).toEqual([]);
  });

  it('says that the port is taken, and leaves no process behind', async () => {
    const { createServer } = await import('node:net');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };

    const command = bench.script('--port', String(port));
    const { code } = await command.ended;
    server.close();

    expect(code).toBe(1);
    expect(command.output()).toContain(`port ${port} is taken`);
    expect(processesOn(bench.stateDir)).toEqual([]);
  });

  it('waits for a database that another process locks for seconds, says so, and goes on', async () => {
    const command = bench.script();
    const { port } = (await bench.up(command)).platform;
    const path = bench.file('platform.sqlite');
    const hold = `const { DatabaseSync } = require('node:sqlite');
      const db = new DatabaseSync(${JSON.stringify(path)}, { timeout: 5000 });
      db.exec('begin immediate');
      process.stdout.write('held');
      setTimeout(() => db.exec('rollback'), 4000);`;
    const holder = spawn(process.execPath, ['-e', hold], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const ready = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/ready`);
      return `${answer.status} ${JSON.stringify(await answer.json())}`;
    };

    await vi.waitFor(async () => expect(await ready()).toMatch(/^503 .*database-locked/), {
      timeout: 3_500,
      interval: 200,
    });
    await once(holder, 'exit');
    await vi.waitFor(async () => expect(await ready()).toMatch(/^200/), { timeout: 20_000, interval: 500 });

    expect(command.output()).toContain('another process holds the database: everything waits for it');
    expect(command.output()).toContain('the database is no longer waited for');
    expect(await stopsCleanly(command, () => command.signalGroup('SIGINT'))).toBe(0);
  });

  it('stops with exit 1 when another process locks its database for longer than it waits', async () => {
    const command = bench.script('--config', 'state_lock_wait_s=2');
    await bench.up(command);
    const holder = new DatabaseSync(bench.file('platform.sqlite'), { timeout: 5_000 });
    holder.exec('begin immediate');

    const { code } = await command.ended;
    holder.exec('rollback');
    holder.close();

    expect(code).toBe(1);
    expect(command.output()).toContain('another process holds it (database is locked)');
    expect(integrityOf(bench.file('platform.sqlite'))).toBe('ok');
    expect(processesOn(bench.stateDir)).toEqual([]);
  });

  // Blocks of 512 bytes that a file may have. A limit of the shell stands in for a full disk: SQLite then says I/O error.
  it.each([
    ['starts', 400, 'nothing of the platform was started'],
    ['runs', 5_000, 'ready in'],
  ])('stops with exit 1 when its disk is full while it %s, and goes on once there is room', async (_, blocks, said) => {
    const state = new StateDirectory(bench.stateDir);
    // The venue has room: it is started before the limit.
    await spawnSimulator(state, ['--state', state.simulatorState(), '--history-minutes', '60']);

    const command = bench.inShell(`trap '' XFSZ; ulimit -f ${blocks}`);
    const { code } = await command.ended;

    expect(code).toBe(1);
    expect(command.output()).toContain(said);
    expect(command.output()).toMatch(/database .*platform\.sqlite: the disk (is full|cannot be read or written) \(/);
    expect(integrityOf(bench.file('platform.sqlite'))).toBe('ok');
    const again = bench.script();
    await bench.up(again);
    again.signal('SIGTERM');
    expect((await again.ended).code).toBe(0);
  });
});
