import { EventBridgeSchema, SqsSchema } from '@aws-lambda-powertools/parser/schemas';
import { describe, expect, it } from 'vitest';
import { balanceEnvSchema } from '#functions/balance/env.ts';
import { createHandler } from '#functions/balance/handler.ts';
import { scheduleEvent } from '#local/emulators/schedule-emulator.ts';
import { sqsEvent } from '#local/emulators/sqs-envelope.ts';
import { seededIds } from '#local/virtual-time/seeded.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlOrdersRepository } from '#shared/adapters/sql/repositories/orders-repository.ts';
import type { OddRow } from '#shared/core/odd-row.ts';
import { runRequest } from '#shared/messages/reconciliation-messages.ts';
import type { StreamRecord } from '#shared/ports/event-stream.ts';
import { ExchangeError, type VenueTransfer } from '#shared/ports/exchange.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { storedDeadLetters } from '#test/support/stored-dead-letters.ts';
import { anAccountState } from '#test/support/system.ts';

const SLOT_MS = Date.UTC(2026, 5, 10, 12);
const schedule = (cadenceMs: number) => scheduleEvent({ job: 'balance', cadenceMs }, SLOT_MS, 1);
const request = JSON.stringify(
  runRequest('balance', 'hyperliquid', null, 'a fill', { correlationId: 'corr-7', bornAtMs: SLOT_MS }),
);
const batch = (...bodies: readonly string[]) =>
  sqsEvent(
    'run-requests',
    bodies.map((body, n) => ({ messageId: `m${n}`, body, receiveCount: 1, sentAtMs: SLOT_MS })),
  );

function platform() {
  const world = {
    reads: 0,
    fails: false,
    transfers: [] as VenueTransfer[],
    change: {} as Parameters<typeof anAccountState>[1],
    odd: [] as OddRow[],
  };
  const clock = manualClock(SLOT_MS);
  const db = memoryDatabase();
  const deadLetters = storedDeadLetters(clock, db);
  const alerts = storedAlerts(clock, db);
  const telemetry = new RecordingTelemetry();
  const accounts = sqlAccountRepository(db);
  const jobs = sqlJobStateRepository(db, 'hyperliquid');
  const records: StreamRecord[] = [];
  const handler = createHandler(
    {
      reader: {
        fetchAccountState: async () => {
          world.reads += 1;
          if (world.fails)
            throw new ExchangeError('timeout', 'no answer', { retryable: true, mayHaveReachedVenue: true });
          return anAccountState(SLOT_MS + world.reads, world.change);
        },
        fetchTransfers: async () => ({ rows: world.transfers, odd: world.odd }),
      },
      accounts,
      orders: sqlOrdersRepository(db),
      observers: [],
      stream: { put: async (put) => void records.push(...put) },
      jobs,
      ids: seededIds(1),
      clock,
      deadLetters,
      alerts,
      telemetry,
    },
    balanceEnvSchema.parse({
      EXCHANGE: 'hyperliquid',
      ACCOUNT: 'main',
      ADDRESS: '0xabc',
      QUORUM: '{}',
      CONFIRMATIONS: '2',
    }),
  );
  return { world, telemetry, accounts, jobs, records, handler, deadLetters, alerts };
}

describe('balance handler', () => {
  it('warns of nothing while a deposit settles, as at each first start', async () => {
    const { world, handler, telemetry } = platform();
    world.transfers = [{ id: 'deposit', venueTimeMs: SLOT_MS, amountQuote: '10000' }];
    await handler(schedule(30_000));

    expect(telemetry.logs.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  it('is given envelopes that AWS would send', () => {
    expect(SqsSchema.safeParse(batch(request)).success).toBe(true);
    expect(SqsSchema.safeParse(schedule(30_000)).success).toBe(true);
    expect(EventBridgeSchema.safeParse(schedule(60_000)).success, 'the schedule sends its input bare').toBe(false);
  });

  it.each([
    ['a bare schedule', schedule(60_000)],
    ['a schedule through SQS', schedule(30_000)],
    ['a run-request', batch(request)],
  ])('stores a snapshot on %s', async (_, event) => {
    const { handler, accounts, jobs } = platform();

    expect(await handler(event)).toEqual({ batchItemFailures: [] });

    expect(await accounts.latest('hyperliquid', 'main')).toMatchObject({ money: { equityQuote: '10000' } });
    expect(await jobs.all()).toMatchObject([{ job: 'balance', lastOkMs: SLOT_MS, detail: { kind: 'stored' } }]);
  });

  it('tells the figures of the account', async () => {
    const { handler, telemetry, world } = platform();
    const position = { entryPrice: '1', marginUsedQuote: '100', liquidationPrice: null };
    world.change = {
      marginUsedQuote: '2500',
      positions: [
        { ...position, symbol: 'BTC', coin: 'BTC', size: '1', valueQuote: '900', unrealizedPnlQuote: '12.5' },
        { ...position, symbol: 'ETH', coin: 'ETH', size: '-1', valueQuote: '-600', unrealizedPnlQuote: '-20' },
      ],
    };
    await handler(schedule(60_000));
    const told = [metrics.equity, metrics.openPositions, metrics.positionsValue, metrics.unrealizedPnl].map((name) =>
      telemetry.gauges.get(name),
    );
    expect(told).toEqual([10_000, 2, 1_500, -7.5]);
    expect(telemetry.gauges.get(metrics.marginRatio)).toBe(0.25);
  });

  it('raises an alert with the numbers of a contradiction, and shows no figure of it', async () => {
    const { handler, world, telemetry, alerts, jobs } = platform();
    world.change = { equityQuote: '0', marginUsedQuote: '1000' };
    await handler(schedule(60_000));

    expect(await alerts.raised()).toMatchObject([
      { kind: 'money-contradicts', severity: 'critical', detail: { equityQuote: '0', marginUsedQuote: '1000' } },
    ]);
    expect(telemetry.gauges.has(metrics.equity)).toBe(false);
    expect(await jobs.all()).toMatchObject([{ detail: { money: 'money-contradicts' } }]);
  });

  it('reads once for a whole batch and keeps the trace of its first request', async () => {
    const { handler, world, records } = platform();

    await handler(batch(request, request, request));

    expect(world.reads).toBe(1);
    expect(JSON.parse(records[0]!.data).trace).toEqual({ correlationId: 'corr-7', bornAtMs: SLOT_MS });
  });

  it('names a malformed message and serves the others', async () => {
    const { handler, world, telemetry } = platform();

    expect(await handler(batch('{', request))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });

    expect(world.reads).toBe(1);
    expect(telemetry.logs).toMatchObject([{ event: 'input.dropped', fields: { code: 'malformed', sample: '{' } }]);
  });

  it('gives a batch back when the venue cannot be read, and throws when asked directly', async () => {
    const { handler, world, jobs } = platform();
    world.fails = true;

    expect(await handler(batch(request, request))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }, { itemIdentifier: 'm1' }],
    });
    await expect(handler(schedule(60_000))).rejects.toThrow('no answer');
    expect(await jobs.all()).toMatchObject([{ lastError: 'ExchangeError: no answer' }]);
  });

  it('throws on an event that is no job', async () => {
    const { handler, world } = platform();

    await expect(handler({ hello: 'world' })).rejects.toThrow('not a job');
    expect(world.reads).toBe(0);
  });
});
