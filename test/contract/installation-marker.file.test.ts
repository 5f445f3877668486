import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { fileInstallationMarker } from '#shared/adapters/system/file-installation-marker.ts';
import { installationMarkerContract } from './installation-marker.contract.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

installationMarkerContract('file', async () => {
  const folder = await mkdtemp(join(tmpdir(), '3t-mark-'));
  folders.push(folder);
  return fileInstallationMarker(join(folder, 'installation.json'));
});
