import { describe, expect, it } from 'vitest';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import { anObserverDocument } from '#test/support/system.ts';

/** What every place for observers' documents promises. */
export function observerDocumentsContract(name: string, create: () => Promise<ObserverDocuments>): void {
  describe(`observer documents: ${name}`, () => {
    it('knows nothing of an observer that never wrote', async () => {
      expect(await (await create()).get('observer-1')).toBeNull();
    });

    it('gives back the newest document of each observer', async () => {
      const documents = await create();
      await documents.put(anObserverDocument('observer-1', 1_000));
      await documents.put(anObserverDocument('observer-2', 2_000));
      await documents.put(anObserverDocument('observer-1', 3_000));

      expect(await documents.get('observer-1')).toEqual(anObserverDocument('observer-1', 3_000));
      expect(await documents.get('observer-2')).toEqual(anObserverDocument('observer-2', 2_000));
    });

    it('shows a document that was replaced, however often the old one was read', async () => {
      const documents = await create();
      for (const atMs of [1_000, 2_000, 1_000]) {
        await documents.put(anObserverDocument('observer-1', atMs));
        for (let again = 0; again < 2; again += 1) {
          expect(await documents.get('observer-1')).toEqual(anObserverDocument('observer-1', atMs));
        }
      }
    });

    it('does not share objects with the writer', async () => {
      const documents = await create();
      const document = anObserverDocument('observer-1', 1_000);
      await documents.put(document);
      (document as { exchange: string }).exchange = 'changed';

      expect((await documents.get('observer-1'))?.exchange).toBe('hyperliquid');
    });
  });
}
