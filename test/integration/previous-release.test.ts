import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');
const isRepository = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: PROJECT }).status === 0;
const dirs: string[] = [];

/** This tree with one migration more. */
function schemaWith(statement: string): string {
  const dir = mkdtempSync(join(tmpdir(), '3t-schema-'));
  dirs.push(dir);
  for (const name of ['shared', 'package.json']) cpSync(join(PROJECT, name), join(dir, name), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(dir, 'node_modules'), 'dir');
  const path = join(dir, 'shared/adapters/sql/migrate.ts');
  const end = '\n];\n';
  const more = `  { name: '9999-test', up: async (db) => void (await sql\`${statement}\`.execute(db)) },`;
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(end);
  writeFileSync(path, text.replace(end, `\n${more}${end}`));
  return dir;
}

const test = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/test-previous-release.mjs', ...args], {
    cwd: PROJECT,
    encoding: 'utf8',
    // The one that runs this test has its own.
    env: { ...process.env, VITEST: '', NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
};

describe.skipIf(!isRepository)('the contracts of an earlier release', () => {
  afterEach(() => {
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });
  const on = (schema: string) => test('--ref', 'HEAD', '--schema', schema, 'job-state-repository');

  it('hold on a schema that only grew', () => {
    const grown = on(schemaWith("alter table exchange_jobs add column colour varchar(64) not null default ''"));

    expect([grown.status, grown.stdout]).toEqual([0, expect.stringContaining("HEAD works on today's schema")]);
  });

  it('do not on one that lost a column that it reads', () => {
    const shrunk = on(schemaWith('alter table exchange_jobs drop column last_error'));

    expect(shrunk.status).toBe(1);
    expect(shrunk.stderr).toMatch(
      /no (such )?column.*last_error|last_error.*Unknown column|Unknown column .*last_error/,
    );
    expect(shrunk.stdout).toContain("HEAD does not work on today's schema");
  });

  it('are refused with a sentence for a release that is not there', () => {
    expect(test('--ref', 'v0.0.0-never')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('previous release: git rev-parse: fatal'),
    });
    expect(test('--ref', 'HEAD', 'no-such-contract')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('has no such contract'),
    });
    expect(test('--wrong').status).toBe(2);
  });
});
