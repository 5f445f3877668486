import { KinesisDataStreamSchema } from '@aws-lambda-powertools/parser/schemas';
import type { KinesisStreamEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { balanceConsumerEnvSchema } from '#functions/balance-consumer/env.ts';
import { createHandler } from '#functions/balance-consumer/handler.ts';
import { kinesisEvent } from '#local/emulators/kinesis-envelope.ts';
import { sqlAccountRepository } from '#shared/adapters/sql/repositories/account-repository.ts';
import { SqlRunsRepository } from '#shared/adapters/sql/runs-repository.ts';
import type { AccountEvent } from '#shared/messages/account-event.ts';
import type { QueueMessage } from '#shared/ports/work-queue.ts';
import { metrics } from '#shared/telemetry/names.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { anAccountState } from '#test/support/system.ts';

const anEvent = (venueTimeMs: number, change: Partial<AccountEvent> = {}): AccountEvent => ({
  v: 1,
  type: 'balance',
  exchange: 'hyperliquid',
  account: 'main',
  equityQuote: '10000',
  marginUsedQuote: '0',
  maintenanceMarginQuote: '0',
  venueTimeMs,
  complete: true,
  trace: { correlationId: 'corr', bornAtMs: venueTimeMs },
  ...change,
});
const stream = (...texts: readonly string[]) =>
  kinesisEvent(
    'account',
    texts.map((data, n) => ({
      sequenceNumber: `${100 + n}`,
      partitionKey: 'hyperliquid:main',
      data,
      arrivedAtMs: 1_000,
    })),
  ) as KinesisStreamEvent;

function platform() {
  const db = memoryDatabase();
  const accounts = sqlAccountRepository(db);
  const runs = new SqlRunsRepository(db);
  const clock = manualClock();
  const alerts = storedAlerts(clock, db);
  const telemetry = new RecordingTelemetry();
  const sent: QueueMessage[] = [];
  const queue = { send: async (messages: readonly QueueMessage[]) => void sent.push(...messages) };
  const deps = { accounts, runs, clock, alerts, telemetry, runRequests: queue };
  const env = balanceConsumerEnvSchema.parse({ TAKE_PROFIT: '{"threshold":1,"reward_multiple":5}' });
  const handler = createHandler(deps, env);
  let atMs = 0;
  /** Stores balances and delivers the news of the last one. */
  const balances = async (...equities: readonly string[]) => {
    for (const equityQuote of equities) {
      atMs += 1_000;
      await accounts.saveSnapshot(anAccountState(atMs, { account: 'main', equityQuote }), '0', atMs);
    }
    return handler(stream(JSON.stringify(anEvent(atMs, { equityQuote: equities.at(-1) ?? '0' }))));
  };
  return { deps, env, handler, balances, sent, alerts, telemetry, atMs: () => atMs };
}

const BASELINE = ['10000', '10000', '10000', '10000', '10000'];

describe('balance-consumer handler', () => {
  it('is given envelopes that AWS would send', () => {
    expect(KinesisDataStreamSchema.safeParse(stream(JSON.stringify(anEvent(1)))).success).toBe(true);
  });

  it('asks for nothing while equity stays within its bounds', async () => {
    const { balances, sent, alerts, telemetry } = platform();

    expect(await balances(...BASELINE, '11000', '9000')).toEqual({ batchItemFailures: [] });
    expect([sent, await alerts.raised()]).toEqual([[], []]);
    expect(telemetry.gauges.get(metrics.changeFraction)).toBe(-0.1);
  });

  it.each([
    ['take-profit', '20000'],
    ['drawdown', '7999'],
  ])('asks for a reconciliation of everything on %s', async (kind, equity) => {
    const { balances, sent, alerts, atMs } = platform();

    await balances(...BASELINE, equity);

    expect(sent).toHaveLength(1);
    expect(JSON.parse(sent[0]!.body)).toMatchObject({ job: 'reconciliation', symbols: null, reason: kind });
    expect(sent[0]).toMatchObject({ deduplicationId: `${kind}:hyperliquid:main:${atMs()}` });
    expect(await alerts.raised()).toMatchObject([{ kind, severity: 'critical' }]);
  });

  it('asks again under the same name when the news of the hit comes twice', async () => {
    const { balances, handler, sent, atMs } = platform();
    await balances(...BASELINE, '7999');

    await handler(stream(JSON.stringify(anEvent(atMs(), { equityQuote: '7999' }))));

    expect(new Set(sent.map((m) => m.deduplicationId)).size).toBe(1);
  });

  it('asks once, not with every balance that follows', async () => {
    const { balances, sent } = platform();
    await balances(...BASELINE, '7999');

    await balances('8000');

    expect(sent).toHaveLength(1);
  });

  it('begins again at the lowest record that failed', async () => {
    const { handler, telemetry } = platform();
    const good = JSON.stringify(anEvent(1));

    expect(await handler(stream(good, '{"v":1}', 'x', good))).toEqual({
      batchItemFailures: [{ itemIdentifier: '101' }],
    });
    expect(telemetry.logs.map((l) => l.fields.code)).toEqual(['malformed', 'malformed']);
  });

  it('gives a record back when the store fails', async () => {
    const { deps, env } = platform();
    const accounts = { balanceHistory: () => Promise.reject(new Error('locked')) };
    const handler = createHandler({ ...deps, accounts }, env);

    expect(await handler(stream(JSON.stringify(anEvent(1))))).toEqual({
      batchItemFailures: [{ itemIdentifier: '100' }],
    });
  });
});
