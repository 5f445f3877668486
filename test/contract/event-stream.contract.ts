import { describe, expect, it } from 'vitest';
import { type EventStream, StreamError, type StreamRecord } from '#shared/ports/event-stream.ts';

export interface EventStreamUnderTest {
  readonly stream: EventStream;
  /** Waits until so many records whose keys begin with `prefix` can be read, and gives them in the order of each key. */
  readonly delivered: (prefix: string, count: number) => Promise<readonly StreamRecord[]>;
}

const RECORD_MAX_BYTES = 1_048_576;

let scopes = 0;
/** Tests share a stream where one is slow to make: each has keys of its own. */
const newScope = (): string => {
  scopes += 1;
  return `s${scopes}-`;
};

const dataOf = (records: readonly StreamRecord[], key: string): readonly string[] =>
  records.filter((record) => record.partitionKey === key).map((record) => record.data);

/** What every stream of events promises. */
export function eventStreamContract(name: string, create: () => Promise<EventStreamUnderTest>): void {
  describe(`event stream: ${name}`, () => {
    it('delivers the records of a key in the order of one put', async () => {
      const { stream, delivered } = await create();
      const scope = newScope();
      const keys = [`${scope}BTC`, `${scope}ETH`];
      const records = Array.from({ length: 12 }, (_, n) => ({ partitionKey: keys[n % 2]!, data: `{"n":${n}}` }));
      await stream.put(records);

      const found = await delivered(scope, 12);

      for (const key of keys) expect(dataOf(found, key)).toEqual(dataOf(records, key));
    });

    it('delivers the records of a key in the order of puts that overlap', async () => {
      const { stream, delivered } = await create();
      const scope = newScope();
      const puts = Array.from({ length: 5 }, (_, n) => [
        { partitionKey: `${scope}a`, data: `{"put":${n},"n":0}` },
        { partitionKey: `${scope}a`, data: `{"put":${n},"n":1}` },
      ]);
      await Promise.all(puts.map((records) => stream.put(records)));

      expect(dataOf(await delivered(scope, 10), `${scope}a`)).toEqual(dataOf(puts.flat(), `${scope}a`));
    });

    it('takes more records than one call to a service may hold', async () => {
      const { stream, delivered } = await create();
      const scope = newScope();
      const records = Array.from({ length: 1_300 }, (_, n) => ({
        partitionKey: `${scope}${n % 650}`,
        data: `{"n":${n}}`,
      }));
      await stream.put(records);

      const found = await delivered(scope, records.length);

      expect(found).toHaveLength(records.length);
      for (const key of [0, 1, 499, 500, 649].map((n) => `${scope}${n}`)) {
        expect(dataOf(found, key)).toEqual(dataOf(records, key));
      }
    });

    it('takes more bytes than one call to a service may hold', async () => {
      const { stream, delivered } = await create();
      const scope = newScope();
      const text = 'x'.repeat(1_000_000);
      await stream.put(Array.from({ length: 12 }, (_, n) => ({ partitionKey: `${scope}${n}`, data: `${n}${text}` })));

      expect(await delivered(scope, 12)).toHaveLength(12);
    });

    it('keeps text as it was', async () => {
      const { stream, delivered } = await create();
      const scope = newScope();
      const data = JSON.stringify({ text: 'Zürich → 東京 🚀 "quoted"\n' });
      await stream.put([{ partitionKey: `${scope}hyperliquid:HYPE/USDC`, data }]);

      expect(await delivered(scope, 1)).toEqual([{ partitionKey: `${scope}hyperliquid:HYPE/USDC`, data }]);
    });

    it('has nothing to do for no records', async () => {
      const { stream } = await create();

      await expect(stream.put([])).resolves.toBeUndefined();
    });

    it('refuses a record that is too large for good, and says that nothing was accepted', async () => {
      const { stream } = await create();
      const put = stream.put([{ partitionKey: `${newScope()}a`, data: 'x'.repeat(RECORD_MAX_BYTES + 1) }]);

      const error = await put.catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(StreamError);
      expect(error).toMatchObject({ retryable: false, acceptedCount: 0 });
    });
  });
}
