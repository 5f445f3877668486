import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileObserverDocuments } from '#shared/adapters/system/file-observer-documents.ts';
import { anObserverDocument } from '#test/support/system.ts';

describe('fileObserverDocuments', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), '3t-observer-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const file = (text: string) => writeFile(join(folder, '3T-observer.observer-1.json'), text);
  const read = () => fileObserverDocuments(folder).get('observer-1');

  it('leaves one whole file behind, also after many writes at once', async () => {
    const documents = fileObserverDocuments(folder);
    await Promise.all(Array.from({ length: 20 }, (_, at) => documents.put(anObserverDocument('observer-1', at))));

    expect(await readdir(folder)).toEqual(['3T-observer.observer-1.json']);
    expect((await read())?.observer_id).toBe('observer-1');
  });

  it.each([
    ['cut', JSON.stringify(anObserverDocument('observer-1', 1)).slice(0, 80), 'not JSON'],
    ['of another observer', JSON.stringify(anObserverDocument('observer-2', 1)), 'was written by observer-2'],
    [
      'of the original, without venue times',
      '{"observer_id":"observer-1","timestamp":"2026-06-10T12:00:00Z","positions":{}}',
      'v',
    ],
    ['too large', ' '.repeat(1_048_577), 'too large'],
  ])('refuses a document that is %s', async (_, text, why) => {
    await file(text);

    await expect(read()).rejects.toThrow(why);
  });

  it.each(['../secrets', '', 'a/b', '.hidden'])('refuses %j as an observer', async (id) => {
    await expect(fileObserverDocuments(folder).get(id)).rejects.toThrow('not a file name');
  });
});
