import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { onEachDatabase } from '#test/support/sql-databases.ts';
import { instrumentsRepositoryContract } from './instruments-repository.contract.ts';

onEachDatabase(
  ({ name, open }) => instrumentsRepositoryContract(name, async () => sqlInstrumentsRepository(await open())),
  { looksAtCounts: true },
);
