import { isDue } from '#shared/core/age.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import { checkInstrumentsAnswer, type InstrumentsRefusal } from '#shared/core/market/instruments-drop.ts';
import { type Listed, type OddRow, oddRow, partlyText } from '#shared/core/odd-row.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import type { Approval, VenueKind } from '#shared/core/system/transitions.ts';
import type { Clock } from '#shared/ports/clock.ts';
import { ExchangeError, type MarketDataSource } from '#shared/ports/exchange.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { StateChange, SystemControl } from '#shared/ports/system-control.ts';

/** How long after an answer that lost instruments the venue is asked again, to tell a broken reply from a real drop. */
const CONFIRM_DELAY_MS = 5_000;

export interface SyncInstrumentsDeps {
  readonly clock: Clock;
  readonly marketData: Pick<MarketDataSource, 'loadInstruments'>;
  readonly instruments: InstrumentsRepository;
  readonly jobs: JobStateRepository;
  readonly control: SystemControl;
}

export interface SyncInstrumentsInput {
  readonly exchange: string;
  readonly by: string;
  readonly venueKind: VenueKind;
  readonly approval: Approval;
  /** Symbols of the configuration; those that never were products become managed. */
  readonly symbols: readonly string[];
  /** A load younger than this is not repeated; 0 loads now. */
  readonly maxAgeMs: number;
}

export type SyncInstrumentsOutcome =
  | { readonly kind: 'not-due' }
  | {
      readonly kind: 'synced';
      /** Assets that could not be read: what is stored of them stays. */
      readonly odd: readonly OddRow[];
      readonly counts: Awaited<ReturnType<InstrumentsRepository['replaceAll']>>;
      readonly productsAdded: readonly string[];
      /** Configured symbols that the venue does not list. */
      readonly unknownSymbols: readonly string[];
      /** BOOTSTRAPPING ends with the first complete load. */
      readonly change: StateChange;
    }
  | { readonly kind: 'refused'; readonly refusal: InstrumentsRefusal }
  | { readonly kind: 'failed'; readonly error: string };

/**
 * Loads the venue's instruments and stores them whole, or changes nothing: a failed, empty or implausibly short answer is
 * recorded as an error, and the next tick tries again.
 */
export async function syncInstruments(
  deps: SyncInstrumentsDeps,
  input: SyncInstrumentsInput,
): Promise<SyncInstrumentsOutcome> {
  const { exchange } = input;
  const job = SYSTEM_JOBS.instruments;
  const last = (await deps.jobs.all()).find((state) => state.job === job);
  const isFresh = last !== undefined && last.lastError === null && last.lastOkMs > 0;
  // A negative age is a clock that was set back: nothing can be said about freshness.
  if (isFresh && !isDue(last?.lastOkMs ?? 0, deps.clock.nowMs(), input.maxAgeMs)) return { kind: 'not-due' };

  const loaded = await load(deps, exchange);
  const atMs = deps.clock.nowMs();
  if (loaded.kind !== 'loaded') {
    await deps.jobs.recordError(job, atMs, loaded.kind === 'failed' ? loaded.error : loaded.refusal.message);
    return loaded;
  }
  const counts = await deps.instruments.replaceAll(exchange, loaded.answer, atMs);
  const products = await deps.instruments.manageNew(exchange, input.symbols, atMs);
  await deps.jobs.recordOk(job, atMs, {
    ...counts,
    unknownSymbols: products.unknownInstruments,
    partly: partlyText(loaded.odd),
  });
  const change = await deps.control.change({
    kind: 'bootstrap-complete',
    exchange,
    by: input.by,
    reason: 'bootstrap complete, awaiting approval',
    atMs,
    venueKind: input.venueKind,
    approval: input.approval,
  });
  return {
    kind: 'synced',
    odd: loaded.odd,
    counts,
    productsAdded: products.added,
    unknownSymbols: products.unknownInstruments,
    change,
  };
}

type Loaded =
  | { readonly kind: 'loaded'; readonly answer: readonly Instrument[]; readonly odd: readonly OddRow[] }
  | { readonly kind: 'refused'; readonly refusal: InstrumentsRefusal }
  | { readonly kind: 'failed'; readonly error: string };

async function load(deps: SyncInstrumentsDeps, exchange: string): Promise<Loaded> {
  try {
    const stored = await deps.instruments.all(exchange);
    const { odd: firstOdd, ...one } = countable(await deps.marketData.loadInstruments());
    const first = keepOdd(stored, one.rows, firstOdd);
    const doubt = checkInstrumentsAnswer(stored, first);
    if (!doubt) return { kind: 'loaded', answer: first, odd: firstOdd };
    if (doubt.code === 'instruments-empty') return { kind: 'refused', refusal: doubt };
    await deps.clock.sleep(CONFIRM_DELAY_MS);
    const { odd, ...two } = countable(await deps.marketData.loadInstruments());
    const second = keepOdd(stored, two.rows, odd);
    // Confirmed when the second answer would change nothing in the first.
    const isConfirmed = listingOf(first) === listingOf(second) || checkInstrumentsAnswer(stored, second) === null;
    return isConfirmed ? { kind: 'loaded', answer: second, odd } : { kind: 'refused', refusal: doubt };
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    return { kind: 'failed', error: error.message };
  }
}

/** Core counts in base units: an instrument in another unit would be traded at a wrong size, so it is none of ours. */
function countable({ rows, odd }: Listed<Instrument>): Listed<Instrument> {
  const others = rows.filter(({ sizeUnit }) => sizeUnit !== 'base');
  const aside = others.map((instrument) =>
    oddRow({
      list: 'instruments',
      key: instrument.venueSymbol,
      symbol: instrument.symbol,
      venueTimeMs: null,
      why: `its sizes are in ${instrument.sizeUnit}, not in units of its base`,
      row: instrument,
    }),
  );
  return { rows: rows.filter(({ sizeUnit }) => sizeUnit === 'base'), odd: [...odd, ...aside] };
}

/**
 * An asset that cannot be read is not delisted: what is stored of it stays. One without a readable name could be any that is
 * missing.
 */
function keepOdd(
  stored: readonly Instrument[],
  answer: readonly Instrument[],
  odd: readonly OddRow[],
): readonly Instrument[] {
  if (odd.length === 0) return answer;
  const listed = new Set(answer.map((instrument) => instrument.symbol));
  const symbols = new Set(odd.map((row) => row.symbol));
  const isOdd = ({ symbol }: Instrument) => symbols.has(symbol) || symbols.has(null);
  return [...answer, ...stored.filter((instrument) => !listed.has(instrument.symbol) && isOdd(instrument))];
}

const listingOf = (list: readonly Instrument[]): string =>
  list
    .filter((i) => i.status === 'active')
    .map(({ symbol, assetId, sizeStep }) => [symbol, assetId, sizeStep].join(' '))
    .sort()
    .join();
