import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { stringify } from 'yaml';
import { FileSecrets } from '#shared/adapters/system/file-secrets.ts';
import { secretsContract } from './secrets.contract.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

type Tree = { [key: string]: Tree | string };

/** Dotted names as nested keys. */
function nested(values: Readonly<Record<string, string>>): Tree {
  const tree: Tree = {};
  for (const [name, value] of Object.entries(values)) {
    const keys = name.split('.');
    const last = keys.pop() ?? name;
    let node = tree;
    for (const key of keys) {
      const next = node[key];
      const inner = typeof next === 'object' ? next : {};
      node[key] = inner;
      node = inner;
    }
    node[last] = value;
  }
  return tree;
}

secretsContract('file', async (values) => {
  const dir = await mkdtemp(join(tmpdir(), '3t-secrets-'));
  folders.push(dir);
  await writeFile(join(dir, 'secrets.yml'), stringify(nested(values)), { mode: 0o600 });
  const handedOut: string[] = [];
  return {
    secrets: new FileSecrets({ dir, allowExample: false, onRead: (value) => handedOut.push(value) }),
    handedOut,
  };
});
