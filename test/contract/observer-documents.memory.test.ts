import { memoryObserverDocuments } from '#shared/adapters/memory/observer-documents.ts';
import { observerDocumentsContract } from './observer-documents.contract.ts';

observerDocumentsContract('memory', async () => memoryObserverDocuments());
