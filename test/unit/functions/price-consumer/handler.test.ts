import { KinesisDataStreamSchema } from '@aws-lambda-powertools/parser/schemas/kinesis';
import type { KinesisStreamEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { createHandler } from '#functions/price-consumer/handler.ts';
import { kinesisEvent } from '#local/emulators/kinesis-envelope.ts';
import { memoryPricesRepository } from '#shared/adapters/memory/prices-repository.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { RecordingTelemetry } from '#test/support/recording-telemetry.ts';

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
  const prices = memoryPricesRepository();
  const telemetry = new RecordingTelemetry();
  const handler = createHandler({ clock: manualClock(5_000), prices, telemetry }, {});
  return { prices, telemetry, handler };
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

  it('rejects when the database does, so that the batch comes again', async () => {
    const { telemetry } = setUp();
    const prices = { saveTicks: () => Promise.reject(new Error('locked')) };
    const handler = createHandler({ clock: manualClock(5_000), prices, telemetry }, {});
    await expect(handler(event(bundle('1', '100', 10)))).rejects.toThrow('locked');
  });
});
