import { describe, expect, it } from 'vitest';
import { memoryObserverDocuments } from '#local/virtual-time/memory-observer-documents.ts';
import { seededIds } from '#local/virtual-time/seeded.ts';
import { sqlLeasesRepository } from '#shared/adapters/sql/repositories/leases-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { type ChangeSymbolInput, changeSymbol } from '#shared/usecases/change-symbol.ts';
import { reconcile } from '#shared/usecases/reconcile.ts';
import { aSystemState, CYCLE_NOW_MS as NOW, someSettings } from '#test/support/cycle.ts';
import { sqlCycleStores } from '#test/support/cycle-stores.ts';
import { anInstrument, lots } from '#test/support/instruments.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { ACCOUNT as ADDRESS, anAccountState, anObserverDocument } from '#test/support/system.ts';

const EXCHANGE = 'hyperliquid';
const BTC = 'BTC/USDC:USDC';

/** Nothing is managed; the supervisor has just been there, so that a symbol without runs would be closed. */
async function platform() {
  const clock = manualClock(NOW);
  const db = memoryDatabase();
  const stores = sqlCycleStores(db);
  const alerts = storedAlerts(clock, db);
  const documents = memoryObserverDocuments();
  const systemState = sqlSystemStateRepository(db);
  await systemState.compareAndSet(aSystemState({ version: 1 }), 0);
  await stores.instruments.replaceAll(EXCHANGE, [anInstrument('BTC', { ...lots(3) })], NOW);
  const deps = {
    ...stores,
    alerts,
    systemState,
    leases: sqlLeasesRepository(db),
    observers: ['observer-1', 'observer-2'].map((id) => ({ id, documents })),
    ids: seededIds(1),
    clock,
  };
  const tell = (action: ChangeSymbolInput['action'], found?: ChangeSymbolInput['found']) =>
    changeSymbol(deps, {
      exchange: EXCHANGE,
      account: 'main',
      action,
      symbol: 'btc',
      found,
      by: 'ada',
      reason: 'test',
    });
  /** Every source reads the account now. */
  const see = async (size: string) => {
    const atMs = clock.nowMs();
    const position = {
      coin: 'BTC',
      entryPrice: '100',
      valueQuote: '50',
      unrealizedPnlQuote: '0',
      marginUsedQuote: '5',
    };
    const positions = size === '0' ? [] : [{ ...position, symbol: BTC, size, liquidationPrice: null }];
    await stores.accounts.saveSnapshot(anAccountState(atMs, { account: 'main', positions }), '0', atMs);
    for (const id of ['observer-1', 'observer-2']) {
      const document = anObserverDocument(id, atMs);
      const [address, view] = Object.entries(document.positions)[0]!;
      const assetPositions = size === '0' ? [] : [{ type: 'oneWay' as const, position: { coin: 'BTC', szi: size } }];
      await documents.put({ ...document, positions: { [address]: { ...view, assetPositions } } } as typeof document);
    }
    await stores.prices.saveTicks(
      [
        {
          exchange: EXCHANGE,
          symbol: BTC,
          tradeId: `t${atMs}`,
          price: '100',
          size: '1',
          side: 'buy',
          venueTimeMs: atMs,
        },
      ],
      atMs,
    );
    await stores.jobs.recordOk('run-supervisor', atMs);
    await clock.sleep(1_000);
  };
  const cycle = async () => {
    const outcome = await reconcile(deps, {
      exchange: EXCHANGE,
      account: 'main',
      address: ADDRESS,
      symbols: null,
      settings: someSettings(),
      useOwnTable: true,
      livePnlAboveMicros: 200_000,
      runStaleMs: 600_000,
      supervisorJob: 'run-supervisor',
      installationTag: '0a1b2c3d',
      leaseHolder: null,
      trace: { correlationId: 'corr', bornAtMs: NOW },
    });
    const decision = outcome.kind === 'done' ? outcome.decisions.find((d) => d.symbol === BTC) : undefined;
    return decision === undefined ? null : `${decision.kind} ${decision.code}`;
  };
  const hold = async () => (await stores.orders.epoch(EXCHANGE, 'main', BTC)).holdReason;
  const product = async () => (await stores.instruments.products(EXCHANGE))[0];
  return { clock, stores, alerts, tell, see, cycle, hold, product };
}

describe('adding a symbol on which the operator holds a position', () => {
  it('starts on HOLD at once where the position is known, and never trades it without being asked', async () => {
    const { alerts, tell, see, cycle, hold } = await platform();
    await see('0.5');

    const answer = await tell('add');

    expect(answer).toMatchObject({ kind: 'changed', symbol: BTC, hold: 'position-not-ours' });
    expect(await hold()).toBe('position-not-ours');
    for (let round = 0; round < 3; round += 1) {
      await see('0.5');
      expect(await cycle()).toBe('refusal on-hold');
    }
    expect((await alerts.raised()).filter((alert) => alert.kind === 'position-not-ours')).toMatchObject([
      { severity: 'critical', symbol: BTC, detail: { size: '0.5' } },
    ]);
  });

  it('finds a position that no view had shown when it was added', async () => {
    const { tell, see, cycle, hold, product, clock } = await platform();
    await see('0');
    await clock.sleep(1_000);

    expect(await tell('add')).toMatchObject({ hold: null, what: expect.stringContaining('nothing is traded until') });
    expect(await cycle()).toBe('refusal position-unchecked');
    await clock.sleep(1_000);
    await see('0.5');
    expect(await cycle()).toBe('refusal on-hold');
    expect([await hold(), (await product())?.takeover]).toEqual(['position-not-ours', null]);
    expect(await cycle()).toBe('refusal on-hold');
  });

  it('goes on without a word where the account turns out to be flat', async () => {
    const { tell, see, cycle, hold, product, clock } = await platform();
    await tell('add');
    await clock.sleep(1_000);
    await see('0');

    expect(await cycle()).toBe('in-sync aligned');
    expect([await hold(), (await product())?.takeover]).toEqual([null, null]);
    // What is there from now on is 3T's: nobody asks again.
    await clock.sleep(1_000);
    await see('0.5');
    expect(await cycle()).toBe('order exit');
  });

  it('asks again after a release, also where an earlier HOLD would have let exits pass', async () => {
    const { stores, tell, see, cycle, hold, clock } = await platform();
    await tell('add');
    await clock.sleep(1_000);
    await see('0');
    await cycle();
    await tell('release');
    await stores.orders.hold(EXCHANGE, 'main', BTC, 'foreign-fill', clock.nowMs());
    await clock.sleep(1_000);

    await tell('add');
    await clock.sleep(1_000);
    await see('0.5');

    expect(await cycle()).toBe('refusal on-hold');
    expect(await hold()).toBe('position-not-ours');
    expect(await tell('add')).toMatchObject({ hold: 'position-not-ours', what: expect.stringContaining('--adopt') });
    expect(await cycle()).toBe('refusal on-hold');
  });

  it.each([
    ['adopt', undefined],
    ['add', 'adopt'],
  ] as const)("makes the position 3T's by %s %s", async (action, found) => {
    const { tell, see, cycle, hold, clock } = await platform();
    await see('0.5');
    await tell('add');
    await clock.sleep(1_000);

    expect(await tell(action, found)).toMatchObject({ hold: null });

    await clock.sleep(1_000);
    await see('0.5');
    expect(await hold()).toBeNull();
    // Nobody gives it runs: what is 3T's is closed then.
    expect(await cycle()).toBe('order exit');
  });

  it('says so when nothing is on HOLD that could be adopted, and names answers that can be typed as they are', async () => {
    const { tell, see, clock } = await platform();
    await see('0.5');

    expect(await tell('add')).toMatchObject({ what: expect.stringMatching(/3t release \S+ --reason/) });
    await clock.sleep(1_000);
    expect(await tell('adopt')).toMatchObject({ what: expect.stringContaining('is adopted') });
    expect(await tell('adopt')).toMatchObject({ what: expect.stringContaining('nothing changed'), hold: null });
  });

  it('closes the position on purpose, and is managed from flat', async () => {
    const { tell, see, cycle, product, clock } = await platform();
    await see('0.5');
    await tell('add');
    await clock.sleep(1_000);

    await tell('add', 'close');

    await clock.sleep(1_000);
    await see('0.5');
    expect(await cycle()).toBe('order exit');
    expect(await product()).toMatchObject({ managed: true, takeover: 'closing' });
  });

  it('leaves the position to the operator when the symbol is removed again, and closes it by flatten', async () => {
    for (const action of ['remove', 'flatten'] as const) {
      const { tell, see, cycle, product, hold, clock } = await platform();
      await see('0.5');
      await tell('add');
      await clock.sleep(1_000);

      await tell(action);

      await clock.sleep(1_000);
      await see('0.5');
      expect(await hold()).toBeNull();
      if (action === 'flatten') expect(await cycle()).toBe('order exit');
      else expect([await cycle(), await product()]).toEqual(['refusal unmanaged-position', undefined]);
    }
  });

  it('asks nothing for a position that 3T was still closing, nor where it manages the symbol already', async () => {
    const { tell, see, cycle, hold, product, clock } = await platform();
    await tell('add', 'adopt');
    await clock.sleep(1_000);
    await see('0.5');
    expect(await tell('add')).toMatchObject({ what: 'is managed' });
    expect(await tell('remove')).toMatchObject({ what: expect.stringContaining('is being closed') });
    expect(await tell('add')).toMatchObject({ what: 'is managed', hold: null });
    expect([await hold(), (await product())?.takeover]).toEqual([null, null]);
    expect(await cycle()).toBe('refusal no-runs-yet');
  });
});
