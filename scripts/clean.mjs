// Forgets every embedded platform's state (databases, logs, marks) below .state. Stop 3T first.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const states = join(dirname(fileURLToPath(import.meta.url)), '..', '.state');
const alive = (file) => {
  if (!existsSync(file)) return null;
  try {
    const { pid } = JSON.parse(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
};

for (const name of existsSync(states) ? readdirSync(states) : []) {
  const pid = alive(join(states, name, 'platform.json'));
  if (pid !== null) {
    console.error(`3T is running on .state/${name} (process ${pid}): stop it first`);
    process.exit(1);
  }
  const simulator = alive(join(states, name, 'simulator.json'));
  if (simulator !== null) process.kill(simulator, 'SIGTERM');
}
rmSync(states, { recursive: true, force: true });
console.log('removed .state');
