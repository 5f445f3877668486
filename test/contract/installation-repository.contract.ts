import { describe, expect, it } from 'vitest';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';

/** What every store of the installation tag promises. */
export function installationRepositoryContract(name: string, create: () => Promise<InstallationRepository>): void {
  describe(`installation repository: ${name}`, () => {
    it('creates the tag once and keeps it', async () => {
      const repository = await create();
      expect(await repository.tag()).toBeNull();

      const tags = await Promise.all(['aaaaaaaa', 'bbbbbbbb'].map((tag) => repository.ensureTag(tag)));

      expect(new Set(tags).size).toBe(1);
      expect(await repository.ensureTag('cccccccc')).toBe(tags[0]);
      expect(await repository.tag()).toBe(tags[0]);
    });

    it('replaces the tag of a copy, once, and no other', async () => {
      const repository = await create();
      await repository.ensureTag('aaaaaaaa');
      expect(await repository.replaceCopiedTag('bbbbbbbb')).toBe(false);

      for (let twice = 0; twice < 2; twice += 1) await repository.noteCopy('hyperliquid');
      await expect(repository.replaceCopiedTag('nonsense')).rejects.toThrow('8 lower-case hex digits');
      expect([await repository.replaceCopiedTag('bbbbbbbb'), await repository.tag()]).toEqual([true, 'bbbbbbbb']);

      expect([await repository.replaceCopiedTag('cccccccc'), await repository.tag()]).toEqual([false, 'bbbbbbbb']);
      expect(await repository.ensureTag('dddddddd')).toBe('bbbbbbbb');
    });

    it('tells an exchange of a copy that another one found, until it is judged itself or the tag is replaced', async () => {
      const repository = await create();
      expect(await repository.identity('a')).toEqual({ tag: null, unjudgedCopy: false });
      await repository.ensureTag('aaaaaaaa');

      await repository.noteCopy('a');
      expect(await repository.identity('a')).toEqual({ tag: 'aaaaaaaa', unjudgedCopy: false });
      expect(await repository.identity('b')).toEqual({ tag: 'aaaaaaaa', unjudgedCopy: true });
      await repository.noteCopy('b');
      expect(await repository.identity('b')).toMatchObject({ unjudgedCopy: false });

      await repository.replaceCopiedTag('bbbbbbbb');
      for (const exchange of ['a', 'b', 'c']) {
        expect(await repository.identity(exchange)).toEqual({ tag: 'bbbbbbbb', unjudgedCopy: false });
      }
      await repository.noteCopy('b');
      expect(await repository.identity('a'), 'of the next copy').toMatchObject({ unjudgedCopy: true });
    });

    it('remembers the kind of each venue, the newest word', async () => {
      const repository = await create();
      expect(await repository.venueKind('hyperliquid')).toBeNull();

      for (const kind of ['simulator', 'paper', 'paper'] as const)
        await repository.recordVenueKind('hyperliquid', kind);

      expect(await repository.venueKind('hyperliquid')).toBe('paper');
      expect(await repository.venueKind('binance')).toBeNull();
      expect(await repository.tag()).toBeNull();
    });

    it.each(['', 'AAAAAAAA', '1234567', '123456789', '1234567g'])('refuses %j as a tag', async (candidate) => {
      const repository = await create();

      await expect(repository.ensureTag(candidate)).rejects.toThrow('8 lower-case hex digits');
      expect(await repository.tag()).toBeNull();
    });
  });
}
