import { describe, expect, it } from 'vitest';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';

/** What every place for the mark of an installation promises. */
export function installationMarkerContract(name: string, create: () => Promise<InstallationMarker>): void {
  describe(`installation marker: ${name}`, () => {
    it('has no mark at first', async () => {
      expect(await (await create()).read()).toBeNull();
    });

    it('gives back the mark that was written last', async () => {
      const marker = await create();
      await marker.write({ tag: '0a1b2c3d', stateVersions: { hyperliquid: 1 } });
      await marker.write({ tag: '0a1b2c3d', stateVersions: { hyperliquid: 7, paper: 2 } });

      expect(await marker.read()).toEqual({ tag: '0a1b2c3d', stateVersions: { hyperliquid: 7, paper: 2 } });
    });

    it('gives back the beats, where there are any', async () => {
      const marker = await create();
      const mark = { tag: '0a1b2c3d', stateVersions: { hyperliquid: 1 }, beatsMs: { hyperliquid: 1_780_000_000_000 } };
      await marker.write(mark);

      expect(await marker.read()).toEqual(mark);
    });
  });
}
