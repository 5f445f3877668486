import { createHash } from 'node:crypto';
import type { Config } from '#config/schema.ts';
import { accountOf, exchangeOf, exchangesOf, subAccountsOf } from '#config/venues.ts';
import { DEFAULT_OPTIONS } from '#local/exchange-simulator/simulator-options.ts';
import { NATIVE } from '#local/exchange-simulator/venue/market-spec.ts';
import type { Platform } from '#local/platform/platform.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { dec, ZERO } from '#shared/core/decimal.ts';
import type { FileQuality } from './file-quality.ts';
import { invocationsOf, type ReplayCounts } from './replay-counts.ts';
import type { ReplayLedger, ReplayStatus } from './replay-simulator.ts';

/** The last line of `--summary json`. Everything but `wallMs` is the same for the same file, seed and settings. */
export interface ReplaySummary {
  /** Trades that the venue printed, and bars of the file that they came from. */
  readonly ticks: number;
  readonly candles: number;
  /** Runs started. */
  readonly runs: number;
  /** Reconciliations. */
  readonly cycles: number;
  /** See `invocationsOf`. */
  readonly invocations: Readonly<Record<string, number>>;
  /** Stored decisions; a repeated one is counted in its row. */
  readonly decisions: number;
  /** Over all rows of `decisions` in order. */
  readonly decisionLogSha256: string;
  /** Refused reconciliations by code, repeats included. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly orders: {
    readonly accepted: number;
    readonly rejected: number;
    readonly unknown: number;
    readonly expired: number;
  };
  readonly fills: number;
  /** These two from the simulator's ledger (local/exchange-simulator/venue/ledger.ts). */
  readonly maxOvershootLots: number;
  readonly duplicateOrders: number;
  /** What the venue holds for the account. */
  readonly positions: readonly { readonly symbol: string; readonly size: string }[];
  /** Of the newest decision of each managed symbol; null where it is unknown. */
  readonly desired: readonly { readonly symbol: string; readonly size: string | null }[];
  /** In quote, by the venue, of the sub-accounts that the platform reads. */
  readonly equityStart: string;
  readonly equityEnd: string;
  readonly feesPaid: string;
  /** Times that it was interrupted and went on from there: unlike a kill, each is one more restart of the platform. */
  readonly interruptions: number;
  readonly file: FileQuality;
  readonly wallMs: number;
}

export const ledgerAccount = (ledger: ReplayLedger, config: Config) => {
  const { address } = accountOf(config, exchangesOf(config)[0]);
  const found = ledger.accounts.find((account) => account.user === address);
  if (!found) throw new Error(`the simulator has no account ${address}`);
  return found;
};

/** Equity of the sub-accounts that the platform reads: what it stores, and what its sizing sees. */
export const tradedEquity = (ledger: ReplayLedger, config: Config): string =>
  [NATIVE, ...subAccountsOf(exchangeOf(config, exchangesOf(config)[0]))]
    .reduce((total, dex) => total.plus(ledgerAccount(ledger, config).equityByDex[dex] ?? 0), ZERO)
    .toFixed();

export interface SummaryParts {
  readonly platform: Platform;
  readonly counts: ReplayCounts;
  readonly status: ReplayStatus;
  readonly ledger: ReplayLedger;
  readonly equityStart: string;
  readonly interruptions: number;
  readonly file: FileQuality;
  readonly wallMs: number;
}

export async function summarise(parts: SummaryParts): Promise<ReplaySummary> {
  const { platform, counts, status, ledger } = parts;
  const { db } = platform.env;
  const account = ledgerAccount(ledger, platform.env.config);
  const { decisions, sha256, refusals } = await readDecisions(db);
  return {
    ticks: status.ticks,
    candles: status.bars,
    runs: await runsStarted(db),
    cycles: (counts.invocations.reconciliation ?? 0) - (counts.failures.reconciliation ?? 0),
    invocations: invocationsOf(counts),
    decisions,
    decisionLogSha256: sha256,
    refusals,
    orders: await readOrders(db),
    fills: Number(
      (
        await db
          .selectFrom('fills')
          .select((q) => q.fn.countAll().as('n'))
          .executeTakeFirst()
      )?.n ?? 0,
    ),
    maxOvershootLots: ledger.maxOvershootLots,
    duplicateOrders: ledger.duplicateOrders,
    positions: account.positions
      .filter(({ size }) => !dec(size).isZero())
      .map(({ coin, size }) => ({ symbol: DEFAULT_OPTIONS.symbolOf(coin), size })),
    desired: await readDesired(platform),
    equityStart: parts.equityStart,
    equityEnd: tradedEquity(ledger, platform.env.config),
    feesPaid: account.feesPaidQuote,
    interruptions: parts.interruptions,
    file: parts.file,
    wallMs: Math.round(parts.wallMs),
  };
}

/** Ended runs are forgotten after a while, so rows do not tell; their numbers do. */
async function runsStarted(db: Db): Promise<number> {
  const row = await db
    .selectFrom('runs')
    .select((q) => q.fn.max('id').as('newest'))
    .executeTakeFirst();
  return Number(row?.newest ?? 0);
}

const PAGE_ROWS = 100;

/** Read in pages: a month has more decisions than fit into memory comfortably. */
async function readDecisions(db: Db) {
  const hash = createHash('sha256');
  const refusals: Record<string, number> = {};
  let decisions = 0;
  let after = { created_at_ms: -1, id: '' };
  for (;;) {
    const { created_at_ms: atMs, id } = after;
    const rows = await db
      .selectFrom('decisions')
      .selectAll()
      .where((q) => q.or([q('created_at_ms', '>', atMs), q.and([q('created_at_ms', '=', atMs), q('id', '>', id)])]))
      .orderBy('created_at_ms')
      .orderBy('id')
      .limit(PAGE_ROWS)
      .execute();
    for (const row of rows) {
      hash.update(`${JSON.stringify(row)}\n`);
      if (row.kind === 'refusal') refusals[row.code] = (refusals[row.code] ?? 0) + row.episode_count;
    }
    decisions += rows.length;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE_ROWS) break;
    after = { created_at_ms: last.created_at_ms, id: last.id };
  }
  const sorted = Object.fromEntries(Object.entries(refusals).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { decisions, sha256: hash.digest('hex'), refusals: sorted };
}

/** Accepted: the venue gave it a number, whatever became of it then. Unknown: nobody knows yet what became of it. */
async function readOrders(db: Db): Promise<ReplaySummary['orders']> {
  const rows = await db
    .selectFrom('order_execution_log')
    .select((q) => ['status', q.fn.count('venue_order_id').as('numbered'), q.fn.countAll().as('all')])
    .groupBy('status')
    .execute();
  const of = (status: string) => Number(rows.find((row) => row.status === status)?.all ?? 0);
  const numbered = rows.filter((row) => row.status !== 'rejected').reduce((sum, row) => sum + Number(row.numbered), 0);
  return {
    accepted: numbered,
    rejected: of('rejected'),
    unknown: of('unknown') + of('sending'),
    expired: of('expired'),
  };
}

async function readDesired({ env, repositories }: Platform): Promise<ReplaySummary['desired']> {
  const [exchange] = exchangesOf(env.config);
  const { symbols } = await repositories.readModel.overview(exchange, accountOf(env.config, exchange).name);
  return symbols
    .filter((symbol) => symbol.managed)
    .map((symbol) => ({ symbol: symbol.symbol, size: symbol.decision?.desiredSize ?? null }));
}
