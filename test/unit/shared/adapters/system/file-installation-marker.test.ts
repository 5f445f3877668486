import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileInstallationMarker } from '#shared/adapters/system/file-installation-marker.ts';

const mark = { tag: '00c0ffee', stateVersions: { hyperliquid: 7 } };

describe('file installation marker', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), '3t-mark-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${folder}-copy`, { recursive: true, force: true });
  });

  it('reads back what it wrote, from a private file, leaving nothing else behind', async () => {
    const marker = fileInstallationMarker(join(folder, 'installation.json'));
    expect(await marker.read()).toBeNull();

    await Promise.all([marker.write(mark), marker.write(mark)]);

    expect(await marker.read()).toEqual(mark);
    expect(readdirSync(folder)).toEqual(['installation.json']);
    expect(statSync(join(folder, 'installation.json')).mode & 0o777).toBe(0o600);
  });

  it('does not recognise a mark that was copied with its folder', async () => {
    await fileInstallationMarker(join(folder, 'installation.json')).write(mark);
    cpSync(folder, `${folder}-copy`, { recursive: true });

    expect(await fileInstallationMarker(join(`${folder}-copy`, 'installation.json')).read()).toBeNull();
  });

  it.each(['', '{', '{"v":1}', '[]'])('reads %j as no mark', async (text) => {
    writeFileSync(join(folder, 'installation.json'), text);

    expect(await fileInstallationMarker(join(folder, 'installation.json')).read()).toBeNull();
  });
});
