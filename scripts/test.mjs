// `npm test` and `npm run test:all`: one part after the other with a line of progress each. Installs first, so that it may be the
// first command in a fresh clone. Exit code 1 as soon as a part fails.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { ensureInstalled, node, root } from './install.mjs';

// `npm test` promises to need nothing but Node and npm: no MariaDB, no Python, no Chromium.
const NPM_ONLY = { TEST_NPM_ONLY: '1' };
const A_START_AN_ORDER_A_RESTART = ['start', 'orders-on-simulator', 'money-scenarios', 'cli/'];

const SHORT = [
  ['lint, format, types', 'check'],
  ['unit tests', 'test:unit'],
  ['contracts on SQLite', 'test:contract', [], NPM_ONLY],
  ['a start, an order, a restart', 'test:integration', A_START_AN_ORDER_A_RESTART.map((f) => `test/integration/${f}`)],
  ['20 simulated seeds with faults', 'test:simulation', ['--seeds', '20']],
  ['6 kills of the platform', 'test:kills', ['--kills', '6']],
];
const REST = [
  ['contracts on SQLite and MariaDB', 'test:contract'],
  ["contracts on AWS's wire protocols", 'test:aws-adapters'],
  ['templates and bundles', 'test:infra'],
  ['every integration test', 'test:integration'],
  ['simulations by hand', 'test:fast', ['--project', 'simulation']],
  ['the page in a browser', 'test:browser'],
  ['the stacks in an AWS emulator', 'test:aws'],
  ['200 simulated seeds with faults', 'test:simulation'],
  ['60 kills of the platform', 'test:kills'],
];

await ensureInstalled(['dependencies', 'devDependencies']);
const parts = process.argv.includes('--all') ? REST : SHORT;
const began = Date.now();
const since = (ms) => `${((Date.now() - ms) / 1000).toFixed(0)} s`;
const PATH = `${dirname(node)}${delimiter}${process.env.PATH}`;
for (const [i, [what, script, flags = [], env = {}]] of parts.entries()) {
  console.log(`\n3T tests, part ${i + 1} of ${parts.length}: ${what}`);
  const partBegan = Date.now();
  const done = spawnSync('npm', ['run', '--silent', script, '--', ...flags], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env, PATH },
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) {
    console.error(
      `3T tests: ${what} failed (npm run ${[script, ...(flags.length ? ['--', ...flags] : [])].join(' ')})`,
    );
    process.exit(1);
  }
  console.log(`3T tests: ${what} passed in ${since(partBegan)}`);
}
console.log(`\n3T tests: ${parts.length} parts passed in ${since(began)}`);
