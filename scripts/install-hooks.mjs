// Installs scripts/pre-commit as this clone's pre-commit hook. Another hook that is already there is left alone.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const MARK = 'exec sh scripts/pre-commit';

let hook;
try {
  hook = resolve(execFileSync('git', ['rev-parse', '--git-path', 'hooks/pre-commit'], { encoding: 'utf8' }).trim());
} catch {
  console.error('hooks: this is not a git clone');
  process.exit(1);
}
if (existsSync(hook) && !readFileSync(hook, 'utf8').includes(MARK)) {
  console.error(`hooks: ${hook} exists and is not ours; add this line to it yourself: ${MARK}`);
  process.exit(1);
}
mkdirSync(dirname(hook), { recursive: true });
writeFileSync(hook, `#!/bin/sh\n${MARK}\n`);
chmodSync(hook, 0o755);
console.log(`hooks: installed ${hook}`);
