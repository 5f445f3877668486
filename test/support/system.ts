import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { seededIds } from '#local/virtual-time/seeded.ts';
import { sqlInstallationRepository } from '#shared/adapters/sql/repositories/installation-repository.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { fileInstallationMarker } from '#shared/adapters/system/file-installation-marker.ts';
import type { Instrument } from '#shared/core/market/instrument.ts';
import type { OddRow } from '#shared/core/odd-row.ts';
import type { Order } from '#shared/core/orders/order.ts';
import { type AccountMoney, type AccountState, believedFrom } from '#shared/core/portfolio/account-state.ts';
import type { ObserverDocument } from '#shared/messages/observer-document.ts';
import type { ClockCorrection } from '#shared/ports/clock.ts';
import type { RecentOrder } from '#shared/ports/exchange.ts';
import type { InstallationMarker } from '#shared/ports/installation-marker.ts';
import type { FutureTimes } from '#shared/ports/repositories/stored-times-repository.ts';
import { systemControl } from '#shared/usecases/change-system-state.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { storedDeadLetters } from '#test/support/stored-dead-letters.ts';
import { anInstrument } from './instruments.ts';
import { manualClock } from './manual-clock.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';

export const ACCOUNT = '0x00000000000000000000000000000000000000aa';

/** A view of 10,000 without positions; amounts of its money are changed by their own names. */
export function anAccountState(
  venueTimeMs: number,
  change: Partial<AccountState> & Partial<AccountMoney> = {},
): AccountState {
  const {
    equityQuote = '10000',
    marginUsedQuote = '0',
    maintenanceMarginQuote = '0',
    withdrawableQuote = '10000',
    ...rest
  } = change;
  return {
    exchange: 'hyperliquid',
    account: ACCOUNT,
    venueTimeMs,
    complete: true,
    subAccounts: [{ name: 'native', complete: true, venueTimeMs, error: null }],
    positions: [],
    money: { equityQuote, marginUsedQuote, maintenanceMarginQuote, withdrawableQuote },
    moneyDoubt: null,
    mode: null,
    ...rest,
  };
}

export const anObserverDocument = (observerId: string, venueTimeMs: number): ObserverDocument => ({
  v: 1,
  observer_id: observerId,
  timestamp: new Date(venueTimeMs).toISOString(),
  exchange: 'hyperliquid',
  positions: {
    [ACCOUNT]: {
      venue_time_ms: venueTimeMs,
      complete: true,
      sub_accounts: [{ name: 'native', complete: true, venue_time_ms: venueTimeMs, error: null }],
      marginSummary: { accountValue: '10000', totalMarginUsed: '0' },
      assetPositions: [],
    },
  },
});

/** The file of a folder that goes with the test. */
export function temporaryMarker(): InstallationMarker {
  const folder = mkdtempSync(join(tmpdir(), '3t-mark-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return fileInstallationMarker(join(folder, 'installation.json'));
}

/** Everything the janitor needs, in memory; what the world outside says is in `world` and may be changed by a test. */
export function systemUnderTest() {
  const clock = manualClock();
  const world = {
    instruments: [anInstrument('BTC'), anInstrument('ETH')] as readonly Instrument[] | Error,
    oddInstruments: [] as readonly OddRow[],
    venueTimeMs: null as number | null | Error,
    account: null as AccountState | null,
    documents: new Map<string, ObserverDocument | Error>(),
    working: [] as readonly Order[],
    loads: 0,
    future: [] as readonly FutureTimes[],
    recentOrders: [] as readonly RecentOrder[] | Error,
    known: new Set<string>(),
  };
  const db = memoryDatabase();
  const systemState = sqlSystemStateRepository(db);
  const installation = sqlInstallationRepository(db);
  const marker = temporaryMarker();
  const alerts = storedAlerts(clock, db);
  const stores = { systemState, installation, marker };
  const deps = {
    ...stores,
    clock,
    ids: seededIds(1),
    alerts,
    jobs: sqlJobStateRepository(db, 'hyperliquid'),
    instruments: sqlInstrumentsRepository(db),
    control: systemControl(stores),
    telemetry: new RecordingTelemetry(),
    deadLetters: storedDeadLetters(clock, db),
    marketData: {
      loadInstruments: async () => {
        world.loads += 1;
        if (world.instruments instanceof Error) throw world.instruments;
        return { rows: world.instruments, odd: world.oddInstruments };
      },
    },
    exchangeHealth: null,
    correction: null as ClockCorrection | null,
    storedTimes: { bringBack: async (): Promise<readonly FutureTimes[]> => world.future },
    reader: {
      fetchRecentOrders: async () => {
        if (world.recentOrders instanceof Error) throw world.recentOrders;
        return world.recentOrders;
      },
    },
    venueClock: {
      venueTimeMs: async () => {
        if (world.venueTimeMs instanceof Error) throw world.venueTimeMs;
        return world.venueTimeMs ?? clock.nowMs();
      },
    },
    orders: {
      working: async () => world.working,
      pendingOutbox: async () => [],
      ownOrders: async (_e: string, _a: string, { clientOrderIds }: { clientOrderIds: readonly string[] }) => ({
        clientOrderIds: new Map(clientOrderIds.filter((id) => world.known.has(id)).map((id) => [id, {} as never])),
        venueOrderIds: new Map(),
      }),
    },
    accounts: {
      latest: async () => world.account && { ...world.account, believed: believedFrom(world.account, '0') },
    },
    observers: {
      get: async (id: string) => {
        const document = world.documents.get(id);
        if (document instanceof Error) throw document;
        return document ?? null;
      },
    },
  };
  return { clock, world, deps, state: () => systemState.read('hyperliquid') };
}
