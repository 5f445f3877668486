import { afterEach, describe, expect, it } from 'vitest';
import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import { seededIds } from '#local/virtual-time/seeded.ts';
import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import type { ObserverDocument } from '#shared/messages/observer-document.ts';
import { type ReconcileDeps, type ReconcileInput, reconcile } from '#shared/usecases/reconcile.ts';
import { bigPlatform, countingSqlite } from '#test/support/big-cycle.ts';
import { aSystemState, CYCLE_NOW_MS as NOW, someSettings } from '#test/support/cycle.ts';
import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { anInstrument, lots, manageAsOurs } from '#test/support/instruments.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { ACCOUNT as ADDRESS, anAccountState, anObserverDocument } from '#test/support/system.ts';

const EXCHANGE = 'hyperliquid';
const BTC = 'BTC/USDC:USDC';

/** BTC flat by all sources; without runs nobody wants it. */
async function platform() {
  const clock = manualClock(NOW);
  const db = memoryDatabase();
  const stores = sqlCycleStores(db);
  const alerts = storedAlerts(clock, db);
  const documents = memoryObserverDocuments();
  const leases = sqlLeasesRepository(db);
  const systemState = sqlSystemStateRepository(db);
  await systemState.compareAndSet(aSystemState({ version: 1 }), 0);
  await stores.instruments.replaceAll(EXCHANGE, [anInstrument('BTC', { ...lots(3) })], NOW);
  await manageAsOurs(stores.instruments, EXCHANGE, [BTC], NOW - 3_600_000);
  await stores.jobs.recordOk('run-supervisor', NOW);
  await stores.prices.saveTicks(
    [{ exchange: EXCHANGE, symbol: BTC, tradeId: 't', price: '100', size: '1', side: 'buy', venueTimeMs: NOW - 100 }],
    NOW,
  );
  const deps: ReconcileDeps = {
    ...stores,
    alerts,
    systemState,
    leases,
    observers: ['observer-1', 'observer-2'].map((id) => ({ id, documents })),
    ids: seededIds(1),
    clock,
  };
  const input: ReconcileInput = {
    exchange: EXCHANGE,
    account: 'main',
    address: ADDRESS.toUpperCase().replace('0X', '0x'),
    symbols: null,
    settings: someSettings(),
    useOwnTable: true,
    livePnlAboveMicros: 200_000,
    runStaleMs: 600_000,
    supervisorJob: 'run-supervisor',
    installationTag: '0a1b2c3d',
    leaseHolder: null,
    trace: { correlationId: 'corr', bornAtMs: NOW - 3 },
  };
  const own = (size: string, atMs: number, change = {}) =>
    stores.accounts.saveSnapshot(
      anAccountState(atMs, {
        account: 'main',
        positions: size === '0' ? [] : [aPosition(size)],
        ...change,
      }),
      '0',
      NOW,
    );
  const observe = (id: string, size: string, atMs: number) =>
    documents.put(withPosition(anObserverDocument(id, atMs), size));
  return { clock, stores, documents, leases, systemState, alerts, deps, input, own, observe };
}

const aPosition = (size: string) => ({
  symbol: BTC,
  coin: 'BTC',
  size,
  entryPrice: '100',
  valueQuote: '100',
  unrealizedPnlQuote: '0',
  marginUsedQuote: '10',
  liquidationPrice: null,
});

function withPosition(document: ObserverDocument, szi: string): ObserverDocument {
  const account = document.positions[ADDRESS]!;
  const assetPositions = szi === '0' ? [] : [{ type: 'oneWay', position: { coin: 'btc', szi } }];
  return { ...document, positions: { [ADDRESS]: { ...account, assetPositions } } };
}

const only = (outcome: Awaited<ReturnType<typeof reconcile>>) => {
  if (outcome.kind !== 'done') throw new Error(outcome.kind);
  expect(outcome.decisions).toHaveLength(1);
  return outcome.decisions[0]!;
};

describe('reconcile', () => {
  it('exits what nobody wants, once per epoch however often it plans', async () => {
    const { deps, input, own, observe, stores } = await platform();
    await own('2', NOW - 5_000);
    await observe('observer-1', '2.0', NOW - 4_000);
    await observe('observer-2', '2', NOW - 3_000);

    const first = await reconcile(deps, input);
    const second = await reconcile(deps, input);

    expect(only(first)).toMatchObject({ kind: 'order', code: 'exit', intent: { side: 'sell', size: '2' } });
    expect(first).toMatchObject({ stored: [only(first).intent?.clientOrderId] });
    expect(only(second)).toMatchObject({ kind: 'refusal', code: 'order-in-flight' });
    expect(await stores.orders.pendingOutbox(EXCHANGE, NOW, 10)).toHaveLength(1);
  });

  it('says why each source does not count', async () => {
    const { deps, input, documents, observe } = await platform();
    await observe('observer-1', '2', NOW - 400_000);
    await documents.put({ ...anObserverDocument('observer-2', NOW), exchange: 'other' });

    const { code, inputs, wantsFreshSources } = only(await reconcile(deps, input));

    expect([code, wantsFreshSources]).toEqual(['no-quorum', true]);
    expect(inputs.sources).toMatchObject([
      { source: 'observer:observer-1', size: '2', ageMs: 400_000, notCounting: 'too-old' },
      { source: 'observer:observer-2', notCounting: 'unreadable', error: 'it observes other' },
      { source: 'own-table', notCounting: 'unreadable', error: 'no snapshot was ever stored' },
    ]);
  });

  it.each([
    ['within what clocks differ', NOW + 1_000, '10000'],
    ['from the future', NOW + 60_000, null],
    ['too old', NOW - 400_000, null],
  ])('knows the account’s money from a snapshot %s, or does not know it', async (_, atMs, equityQuote) => {
    const { deps, input, own, observe } = await platform();
    await own('0', atMs);
    await observe('observer-1', '0', NOW - 4_000);
    await observe('observer-2', '0', NOW - 3_000);

    const { inputs } = only(await reconcile(deps, input));

    expect(inputs.money).toMatchObject({ equityQuote });
  });

  it('goes on with the other sources when one cannot be read', async () => {
    const { deps, input, own, observe } = await platform();
    await own('0', NOW - 5_000);
    await observe('observer-1', '0', NOW - 4_000);
    const broken = { id: 'observer-2', documents: { get: () => Promise.reject(new Error('403')) } };

    const decision = only(await reconcile({ ...deps, observers: [deps.observers[0]!, broken] }, input));

    expect(decision).toMatchObject({ kind: 'in-sync', code: 'aligned', actualSize: '0' });
    expect(decision.inputs.sources).toContainEqual(
      expect.objectContaining({ source: 'observer:observer-2', error: '403' }),
    );
  });

  it('does not take an absent HIP-3 position for flat when its dex was not read', async () => {
    const { deps, input, stores, own, observe } = await platform();
    const intel = anInstrument('XYZ-INTC', { venueSymbol: 'xyz:INTC', subAccount: 'xyz', marginMode: 'isolated' });
    await stores.instruments.replaceAll(EXCHANGE, [intel], NOW);
    await manageAsOurs(stores.instruments, EXCHANGE, [intel.symbol], NOW - 3_600_000);
    await own('0', NOW - 5_000);
    await observe('observer-1', '0', NOW - 4_000);
    await observe('observer-2', '0', NOW - 4_000);

    const outcome = await reconcile(deps, { ...input, symbols: [intel.symbol] });

    expect(only(outcome)).toMatchObject({ symbol: intel.symbol, code: 'no-quorum', actualSize: null });
    expect(only(outcome).inputs.sources).toContainEqual(
      expect.objectContaining({ size: null, error: 'sub-account xyz was not read' }),
    );
  });

  it('treats an unreadable system state as one that allows nothing', async () => {
    const { deps, input, own, observe } = await platform();
    await own('2', NOW - 5_000);
    await observe('observer-1', '2', NOW - 4_000);
    const systemState = { read: () => Promise.reject(new Error('denied')) };

    expect(only(await reconcile({ ...deps, systemState }, input))).toMatchObject({
      kind: 'refusal',
      code: 'state-forbids',
    });
  });

  it('reports what nobody manages', async () => {
    const { deps, input, own, observe } = await platform();
    await own('0', NOW - 5_000, { positions: [{ ...aPosition('-7'), symbol: 'DOGE/USDC:USDC', coin: 'DOGE' }] });
    await observe('observer-1', '0', NOW - 4_000);

    const outcome = await reconcile(deps, input);

    expect(outcome).toMatchObject({ decisions: [{ symbol: BTC }, { code: 'unmanaged-position', actualSize: '-7' }] });
  });

  it('is busy while another planner holds the account, and frees it afterwards', async () => {
    const { deps, input, leases } = await platform();
    const other = await leases.acquire('reconciliation:hyperliquid:main', 'other', NOW, 60_000);

    expect(await reconcile(deps, input)).toEqual({ kind: 'busy' });
    await leases.release(other!);
    expect(await reconcile(deps, input)).toMatchObject({ kind: 'done' });
    expect(await reconcile(deps, input)).toMatchObject({ kind: 'done' });
  });

  it('takes over the lease of its killed predecessor where invocations never overlap', async () => {
    const { deps, input, leases } = await platform();
    await leases.acquire('reconciliation:hyperliquid:main', 'embedded', NOW, 15_000);

    expect(await reconcile(deps, { ...input, leaseHolder: 'embedded' })).toMatchObject({ kind: 'done' });
  });

  it('stores nothing when its lease ran out while it was reading', async () => {
    const { deps, input, stores, clock, leases } = await platform();
    const accounts = {
      latest: async () => {
        clock.set(NOW + 61_000);
        await leases.acquire('reconciliation:hyperliquid:main', 'other', NOW + 61_000, 60_000);
        return null;
      },
    };

    expect(await reconcile({ ...deps, accounts }, input)).toEqual({ kind: 'lease-lost' });
    expect(await stores.decisions()).toEqual([]);
  });
});

describe('reconcile in SQL', () => {
  const opened: Db[] = [];
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.destroy();
  });

  async function cycleOf(symbols: number) {
    const { db, statements } = await countingSqlite();
    opened.push(db);
    const { deps, input, publish } = await bigPlatform(db, symbols, 5, 'orders');
    await publish();
    const before = statements();
    const outcome = await reconcile(deps, input);
    if (outcome.kind !== 'done') throw new Error(outcome.kind);
    return { statements: statements() - before, orders: outcome.stored.length };
  }

  it('makes as many statements for 1,000 symbols as for 7', async () => {
    const few = await cycleOf(7);
    const many = await cycleOf(1_000);

    expect([few.orders, many.orders], 'both cycles store orders').toEqual([5, 667]);
    expect(many.statements).toBe(few.statements);
    expect(few.statements).toBeLessThanOrEqual(25);
  });
});
