import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import { observerDocumentsContract } from './observer-documents.contract.ts';

observerDocumentsContract('memory', async () => memoryObserverDocuments());
