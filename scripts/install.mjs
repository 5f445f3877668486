// Runs before dependencies exist: any Node >= 18 may run it, and it imports nothing but Node's own modules.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Node 24 from the npm package `node`: what every script and test runs on. */
export const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const readJson = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

/** Why `npm ci` is due, or null. Versions are pinned exactly, so what lies there can be compared with what is asked for. */
function installReason(kinds) {
  if (!existsSync(node)) return 'first start';
  const manifest = readJson('package.json');
  const wanted = kinds.flatMap((kind) => Object.entries(manifest[kind]));
  const other = wanted.find(([name, version]) => installedVersion(name) !== version);
  return other ? `${other[0]} ${other[1]} is new` : null;
}

function installedVersion(name) {
  try {
    return readJson('node_modules', name, 'package.json').version;
  } catch {
    return null;
  }
}

/** Packages of the lock file that this machine may need: an upper bound, since some are for other systems. */
const packageCount = () => Object.keys(readJson('package-lock.json').packages).length - 1;

/**
 * Installs what is missing, with one line of progress; npm's own output is shown only when it fails, which ends the process.
 * `kinds`: the parts of package.json that must be there.
 */
export async function ensureInstalled(kinds = ['dependencies']) {
  const reason = installReason(kinds);
  if (reason === null) return;
  const began = Date.now();
  const seconds = () => ((Date.now() - began) / 1000).toFixed(0);
  const isTerminal = process.stderr.isTTY === true;
  const total = packageCount();
  let fetched = 0;
  const line = () => `3T: ${reason}, installing dependencies: ${fetched} of at most ${total} packages, ${seconds()} s`;
  const show = () => process.stderr.write(isTerminal ? `\r${line()}` : `${line()}\n`);
  show();
  const timer = setInterval(show, isTerminal ? 500 : 10_000);
  const output = [];
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=http'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  const take = (chunk) => {
    output.push(chunk);
    fetched = Math.min(total, fetched + String(chunk).split('.tgz').length - 1);
  };
  npm.stdout.on('data', take);
  npm.stderr.on('data', take);
  const code = await new Promise((resolve) => {
    npm.on('error', (error) => {
      output.push(`${error.message}\n`);
      resolve(1);
    });
    npm.on('close', resolve);
  });
  clearInterval(timer);
  if (isTerminal) process.stderr.write('\n');
  if (code !== 0) {
    process.stderr.write(output.join(''));
    console.error('3T: npm ci failed; its output is above. Fix that and run the same command again.');
    process.exit(1);
  }
  console.error(`3T: installed in ${seconds()} s`);
}
