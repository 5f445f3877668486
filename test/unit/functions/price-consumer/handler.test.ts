import { KinesisDataStreamSchema } from '@aws-lambda-powertools/parser/schemas/kinesis';
import type { KinesisStreamEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createHandler } from '#functions/price-consumer/handler.ts';
import { kinesisEvent } from '#local/emulators/kinesis-envelope.ts';
import { sqlJobStateRepository } from '#shared/adapters/sql/repositories/job-state-repository.ts';
import { sqlPricesRepository } from '#shared/adapters/sql/repositories/prices-repository.ts';
import { encodeFeedStatus, type FeedStatus } from '#shared/messages/feed-status.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';

const BTC = 'BTC/USDC:USDC';
const bundle = (id: string, px: string, t: number) =>
  JSON.stringify({
    v: 1,
    type: 'trades',
    exchange: 'hyperliquid',
    symbol: BTC,
    items: [{ id, px, sz: '0.1', side: 'buy', t }],
    trace: { correlationId: 'abc', bornAtMs: t },
  });
const event = (...texts: string[]) => {
  const records = texts.map((data, i) => ({
    sequenceNumber: `${100 + i}`,
    partitionKey: `hyperliquid:${BTC}`,
    data,
    arrivedAtMs: 1_700_000_000_000,
  }));
  return kinesisEvent('market', records) as KinesisStreamEvent;
};

function setUp() {
  const db = memoryDatabase();
  const prices = sqlPricesRepository(db);
  const telemetry = new RecordingTelemetry();
  const clock = manualClock(5_000);
  const jobs = sqlJobStateRepository(db, 'hyperliquid');
  const alerts = storedAlerts(clock, db);
  const handler = createHandler({ clock, prices, telemetry, jobsOf: () => jobs, alerts }, {});
  return { db, prices, telemetry, handler, jobs, alerts };
}

describe('price-consumer', () => {
  it('stores the prices of an event that AWS would send', async () => {
    const { prices, handler } = setUp();
    const sent = event(bundle('1', '100', 10), bundle('2', '101', 20));
    expect(KinesisDataStreamSchema.safeParse(sent).success).toBe(true);

    expect(await handler(sent)).toEqual({ batchItemFailures: [] });
    expect(await handler(sent)).toEqual({ batchItemFailures: [] });

    expect((await prices.latest('hyperliquid')).get(BTC)).toMatchObject({ price: '101', receivedAtMs: 5_000 });
    expect(await prices.pruneTicks(100, 10)).toBe(2);
  });

  it('reports poison records, stores the others and logs a sample', async () => {
    const { prices, telemetry, handler } = setUp();
    const wrongPrice = bundle('2', 'abc', 20);
    const answer = await handler(event(bundle('1', '100', 10), 'not json', wrongPrice, bundle('3', '103', 30)));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '101' }, { itemIdentifier: '102' }] });
    expect((await prices.latest('hyperliquid')).get(BTC)?.price).toBe('103');
    expect(telemetry.logs.map((l) => [l.event, l.fields.sample])).toEqual([
      ['input.dropped', 'not json'],
      ['input.dropped', wrongPrice.slice(0, 200)],
    ]);
  });

  it('stores what the feed says of itself, and alarms once for each trouble', async () => {
    const { handler, jobs, alerts, prices } = setUp();
    const status = (atMs: number, trouble: FeedStatus['trouble']) =>
      encodeFeedStatus({ exchange: 'hyperliquid', atMs, trouble });
    const closed = { code: 'closed', message: 'closed with code 1006', symbols: [], sinceMs: 10_000 };
    const refused = { code: 'refused', message: 'Invalid subscription', symbols: [BTC], sinceMs: 200_000 };
    const row = async () => (await jobs.all())[0];

    expect(await handler(event(bundle('1', '100', 10), status(20_000, closed)))).toEqual({ batchItemFailures: [] });
    expect((await prices.latest('hyperliquid')).get(BTC)?.price).toBe('100');
    expect(await row()).toMatchObject({
      job: 'price-feed',
      lastError: 'no prices of all symbols, the feed is closed: closed with code 1006',
    });
    expect(await alerts.raised()).toEqual([]);
    await handler(event(status(69_999, closed)));
    expect(await alerts.raised()).toEqual([]);
    await handler(event(status(70_000, closed)));
    await handler(event(status(100_000, closed)));
    expect(await alerts.raised()).toMatchObject([
      { id: 'price-feed:hyperliquid:closed', severity: 'critical', count: 1 },
    ]);
    await handler(event(status(150_000, null)));
    expect(await row()).toMatchObject({ lastOkMs: 150_000, lastError: null, detail: { trouble: null } });
    await handler(event(status(200_000, refused), status(230_000, refused)));
    await handler(event(status(260_000, refused)));
    expect((await alerts.raised())[1]).toMatchObject({ severity: 'warning', symbol: BTC, count: 1 });
    expect(await alerts.raised()).toHaveLength(2);
  });

  it('hears the feeds of two venues in one batch', async () => {
    const { db, prices, telemetry, alerts } = setUp();
    const jobsOf = (exchange: string) => sqlJobStateRepository(db, exchange);
    const handler = createHandler({ clock: manualClock(5_000), prices, telemetry, jobsOf, alerts }, {});
    const down = { code: 'refused', message: 'no', symbols: [], sinceMs: 1 };

    await handler(
      event(
        encodeFeedStatus({ exchange: 'a', atMs: 10, trouble: down }),
        encodeFeedStatus({ exchange: 'b', atMs: 10, trouble: null }),
      ),
    );

    expect((await jobsOf('a').all())[0]?.lastError).toContain('the venue refuses');
    expect((await jobsOf('b').all())[0]?.lastError).toBeNull();
  });

  it('reports a malformed word of the feed as poison', async () => {
    const { handler } = setUp();
    const malformed = '{"v":1,"type":"feed-status","exchange":1}';

    expect(await handler(event(malformed))).toEqual({ batchItemFailures: [{ itemIdentifier: '100' }] });
  });

  it('rejects when the database does, so that the batch comes again', async () => {
    const { telemetry, jobs, alerts } = setUp();
    const prices = { saveTicks: () => Promise.reject(new Error('locked')) };
    const handler = createHandler({ clock: manualClock(5_000), prices, telemetry, jobsOf: () => jobs, alerts }, {});
    await expect(handler(event(bundle('1', '100', 10)))).rejects.toThrow('locked');
  });
});
