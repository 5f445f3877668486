import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { fileObserverDocuments } from '#shared/adapters/system/file-observer-documents.ts';
import { observerDocumentsContract } from './observer-documents.contract.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

observerDocumentsContract('file', async () => {
  const folder = await mkdtemp(join(tmpdir(), '3t-observer-'));
  folders.push(folder);
  return fileObserverDocuments(join(folder, 'not', 'there', 'yet'));
});
