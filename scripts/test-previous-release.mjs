// Runs the repository contracts of an earlier release on a database that today's migrations have made: between a migration and its new
// stacks, and when somebody goes back, that release works on this schema. Expand first, contract in the release after the next.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..');
const MIGRATE = 'shared/adapters/sql/migrate.ts';
const HELP = `npm run test:previous-release -- [--ref REF] [--schema DIR] [contract ...]

  --ref REF     tag or commit of the earlier release (default: the newest tag v* before this commit)
  --schema DIR  tree whose migrations make the database (default: this one)
  contract      part of a file's name in test/contract, to run only some: orders-repository

Exit code 0: every contract holds, or there is no earlier release. 1: one does not. 2: wrong use.`;

class Usage extends Error {}

function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: PROJECT, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Usage(`git ${args[0]}: ${String(stderr).trim()}`);
  return stdout;
}

/** The newest tag that is not the present commit's own. */
function previousTag() {
  const own = new Set(String(git('tag', '--points-at', 'HEAD')).split('\n'));
  const tags = String(git('tag', '--list', 'v*', '--merged', 'HEAD', '--sort=-v:refname')).split('\n');
  return tags.find((tag) => tag !== '' && !own.has(tag)) ?? null;
}

/** The release's own files, with nothing but its way to make a schema exchanged. */
function lay(ref, schema, dir) {
  const tar = git('archive', '--format=tar', ref);
  const unpacked = spawnSync('tar', ['-x', '-C', dir], { input: tar });
  if (unpacked.status !== 0) throw new Error(`tar: ${unpacked.error?.message ?? unpacked.stderr}`);
  symlinkSync(join(PROJECT, 'node_modules'), join(dir, 'node_modules'), 'dir');
  const today = pathToFileURL(join(schema, MIGRATE)).pathname;
  writeFileSync(join(dir, MIGRATE), `export * from '${decodeURIComponent(today)}';\n`);
}

function run() {
  const { values, positionals } = parseArgs({
    options: { ref: { type: 'string' }, schema: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const ref = values.ref ?? previousTag();
  if (ref === null) {
    console.log('previous release: there is no tag v* before this commit, so no release whose contracts could run');
    return 0;
  }
  const commit = String(git('rev-parse', '--short', '--verify', `${ref}^{commit}`)).trim();
  const dir = mkdtempSync(join(tmpdir(), '3t-previous-'));
  try {
    lay(commit, resolve(values.schema ?? PROJECT), dir);
    const files = readdirSync(join(dir, 'test/contract'))
      .filter(
        (name) =>
          name.endsWith('.sql.test.ts') && (positionals.length === 0 || positionals.some((p) => name.includes(p))),
      )
      .map((name) => `test/contract/${name}`);
    if (files.length === 0) throw new Usage(`${ref} has no such contract: ${positionals.join(', ')}`);
    console.log(`previous release: ${files.length} contracts of ${ref} (${commit}) on today's schema`);
    const vitest = join(dir, 'node_modules/vitest/vitest.mjs');
    const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'contract', ...files], {
      cwd: dir,
      stdio: 'inherit',
    });
    const holds = status === 0;
    console.log(
      holds
        ? `previous release: ${ref} works on today's schema`
        : `previous release: ${ref} does not work on today's schema: leave what it needs, and remove it in the release after the next`,
    );
    return holds ? 0 : 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

try {
  process.exitCode = run();
} catch (error) {
  const isUsage = error instanceof Usage || String(error?.code).startsWith('ERR_PARSE_ARGS');
  console.error(`previous release: ${error.message}`);
  process.exitCode = isUsage ? 2 : 1;
}
