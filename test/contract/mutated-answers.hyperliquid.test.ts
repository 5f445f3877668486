import { describe, expect, it, onTestFinished } from 'vitest';
import { applyTransfer } from '#local/exchange-simulator/server/control.ts';
import { TEST_ACCOUNTS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { seededRandom } from '#local/virtual-time/seeded.ts';
import { decodeFrame } from '#shared/adapters/exchange/hyperliquid/decode-frame.ts';
import { readAccountForObserver } from '#shared/adapters/exchange/hyperliquid/observer-reader.ts';
import { isPositiveText, isUnsignedText } from '#shared/core/decimal.ts';
import type { ApprovedOrder } from '#shared/core/orders/order.ts';
import { observerDocumentSchema } from '#shared/messages/observer-document.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import { type ExchangeUnderTest, orderAt } from '#test/support/exchange-under-test.ts';
import { START_MS } from '#test/support/hyperliquid-on-simulator.ts';
import { type JsonPath, MUTATIONS, mutated, placesOf } from '#test/support/mutated-json.ts';
import { type RememberedAnswer, spoiledVenue } from '#test/support/spoiled-venue.ts';

const SEED = 20_261_130;
const TRIES = 300;
const ADDRESS = TEST_ACCOUNTS[0]!.address;
const BTC = 'BTC/USDC:USDC';

/** One thing changed in one answer of the venue, and where. */
interface Spoiling {
  readonly answer: RememberedAnswer;
  readonly place: JsonPath;
  readonly what: string;
}

/** An account with three positions, two resting orders and a second deposit. */
async function opened() {
  const venue = spoiledVenue();
  const { simulator, hyperliquid } = venue;
  const { accountReader, marketData, venueClock } = hyperliquid;
  const orderVenue = hyperliquid.orderVenue!;
  const exchange: ExchangeUnderTest = {
    accountReader,
    marketData,
    orderVenue,
    account: 'main',
    symbols: [BTC, 'XYZ-CL/USDC:USDC'],
    subAccounts: ['native', 'xyz'],
    nowMs: () => simulator.nowMs(),
    pass: async (ms) => simulator.advance(simulator.nowMs() + ms),
    close: () => hyperliquid.close(),
  };
  onTestFinished(() => exchange.close());
  const send = async (symbol: string, offset: number, change: Partial<ApprovedOrder> = {}) => {
    venue.forget();
    const order = await orderAt(exchange, symbol, 'buy', offset, 200, change);
    return { order, outcome: await orderVenue.submitOrder(order) };
  };
  for (const symbol of [BTC, 'ETH/USDC:USDC', 'XYZ-CL/USDC:USDC']) await send(symbol, 1.02);
  await send('SOL/USDC:USDC', 0.9, { timeInForce: 'Gtc' });
  const { order: resting } = await send(BTC, 0.9, { timeInForce: 'Gtc' });
  simulator.change((world) => applyTransfer(world, { user: ADDRESS, dex: 'native', amountQuote: '7' }));
  simulator.advance(simulator.nowMs() + 60_000);
  return { venue, simulator, accountReader, marketData, venueClock, orderVenue, resting, send };
}
type Opened = Awaited<ReturnType<typeof opened>>;

const random = seededRandom(SEED);
const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

/** Asks once as it is, then again and again with one thing changed. */
async function spoiling<T>(
  { venue }: Opened,
  ask: () => Promise<T>,
  judge: (clean: T, got: T | Error, spoiling: Spoiling) => void,
): Promise<void> {
  venue.forget();
  const clean = await ask();
  const answers = venue.answers();
  for (let n = 0; n < TRIES; n += 1) {
    const answer = oneOf(answers);
    const [place, mutation] = [oneOf(placesOf(answer.json)), oneOf(MUTATIONS)];
    venue.spoil({ ...answer, json: mutated(answer.json, place, mutation) });
    const got = await ask().catch((error: Error) => error);
    judge(clean, got, { answer, place, what: `${answer.type} ${place.join('.')}: ${mutation}` });
  }
  venue.spoil(null);
  expect(await ask(), 'nothing of it stays').toEqual(clean);
}

describe('an answer of the venue with one thing changed in it', () => {
  it.each<[string, (of: Opened) => Promise<unknown>]>([
    ['account', ({ accountReader }) => accountReader.fetchAccountState('main')],
    ['open orders', ({ accountReader }) => accountReader.fetchOpenOrders('main')],
    [
      'one order',
      ({ accountReader, resting }) => accountReader.fetchOrder('main', 'BTC/USDC:USDC', resting.clientOrderId),
    ],
    ['fills', ({ accountReader }) => accountReader.fetchFills('main', [], 0)],
    ['transfers', ({ accountReader }) => accountReader.fetchTransfers('main', 0)],
    ['instruments', ({ marketData }) => marketData.loadInstruments()],
    ['marks', ({ marketData }) => marketData.fetchMarkPrices()],
    ['candles', ({ marketData }) => marketData.fetchCandles(BTC, '1m', START_MS - 900_000, START_MS)],
    ['venue time', ({ venueClock }) => venueClock.venueTimeMs()],
    ['key', ({ orderVenue }) => orderVenue.checkKey('main')],
  ])('gives coded errors and possible numbers, and takes one row with it at most: %s', async (_, ask) => {
    const open = await opened();
    await spoiling(
      open,
      () => ask(open),
      (clean, got, { answer, place, what }) => {
        if (got instanceof Error) {
          expect(got, what).toBeInstanceOf(ExchangeError);
          expect(['malformed-reply', 'configuration'], `${what}: ${got}`).toContain((got as ExchangeError).kind);
          expect(isWithinRow(answer, place), `${what}: ${got}`).toBe(false);
          return;
        }
        if (isWithinRow(answer, place)) expect(rowsOf(clean).length - rowsOf(got).length, what).toBeLessThanOrEqual(1);
        for (const row of rowsOf(got)) expect(impossible(row), what).toEqual([]);
      },
    );
  });

  it('leaves an observer with a whole document, or none', async () => {
    const open = await opened();
    const { venue, simulator } = open;
    const read = () =>
      readAccountForObserver({
        url: 'http://simulator.test',
        address: ADDRESS,
        dexes: ['xyz'],
        observerId: 'observer-1',
        fetch: venue.fetch,
        timeoutMs: 1_000,
      });
    const timestamp = new Date(simulator.nowMs()).toISOString();
    await spoiling(open, read, (clean, got, { answer, place, what }) => {
      if (got instanceof Error) throw new Error(`${what}: ${got}`);
      const document = { v: 1, observer_id: 'observer-1', timestamp, exchange: 'hyperliquid', positions: { a: got } };
      expect(observerDocumentSchema.safeParse(document).error, what).toBeUndefined();
      if (!isWithinRow(answer, place)) return;
      expect(clean.assetPositions.length - got.assetPositions.length, what).toBeLessThanOrEqual(1);
      expect(got.complete, what).toBe(true);
    });
  });

  it.each(['Ioc', 'Gtc'] as const)('is never a refusal of an order that the venue took (%s)', async (timeInForce) => {
    const { venue, orderVenue, send } = await opened();
    const { order, outcome } = await send(BTC, timeInForce === 'Ioc' ? 1.02 : 0.9, { timeInForce });
    const answer = venue.answers().find(({ question }) => question === '/exchange order')!;
    expect(outcome.kind).toBe('accepted');
    for (const place of placesOf(answer.json)) {
      for (const mutation of MUTATIONS) {
        venue.spoil({ ...answer, json: mutated(answer.json, place, mutation) });
        const got = await orderVenue.submitOrder(order);
        const what = `${place.join('.')}: ${mutation}: ${JSON.stringify(got)}`;
        if (got.kind === 'unknown') expect(got.errorKind, what).toBe('malformed-reply');
        else expect(got.kind, what).toBe('accepted');
        if (got.kind === 'accepted') expect(isUnsignedText(got.filledSize), what).toBe(true);
        if (got.kind === 'accepted' && got.averagePrice !== null)
          expect(isPositiveText(got.averagePrice), what).toBe(true);
      }
    }
  });

  it('is never a cancel that did not happen', async () => {
    const { venue, orderVenue, resting } = await opened();
    venue.forget();
    const cancel = () => orderVenue.cancelOrder('main', BTC, resting.clientOrderId, 'open');
    expect(await cancel()).toEqual({ kind: 'cancelled' });
    expect(await cancel(), 'from memory').toEqual({ kind: 'cancelled' });
    const answer = venue.answers().find(({ question }) => question === '/exchange cancelByCloid')!;
    for (const place of placesOf(answer.json)) {
      for (const mutation of MUTATIONS) {
        venue.spoil({ ...answer, json: mutated(answer.json, place, mutation) });
        expect((await cancel()).kind, `${place.join('.')}: ${mutation}`).toBe('unknown');
      }
    }
  });

  it('gives no trade of an impossible price, size or symbol when it is a frame', () => {
    const trade = { coin: 'BTC', side: 'A', px: '65000.0', sz: '0.01', time: 1_700_000_000_000, hash: '0x1', tid: 7 };
    const data = [trade, { ...trade, tid: 8 }].map((t) => ({ ...t, users: ['0xa', '0xb'] }));
    const frame = { channel: 'trades', data };
    for (const place of placesOf(frame)) {
      for (const mutation of MUTATIONS) {
        const decoded = decodeFrame(JSON.stringify(mutated(frame, place, mutation)), 'hl', new Map([['BTC', BTC]]));
        const what = `${place.join('.')}: ${mutation}`;
        const ticks = decoded.kind === 'trades' ? decoded.groups.flatMap((group) => group.ticks) : [];
        for (const tick of ticks) expect([tick.symbol, ...impossible(tick)], what).toEqual([BTC]);
        if (place.length > 2) expect(ticks.length, what).toBeGreaterThanOrEqual(1);
      }
    }
  });
});

const rowsOf = (value: unknown): readonly unknown[] => {
  const { rows, positions } = (value ?? {}) as { rows?: unknown[]; positions?: unknown[] };
  return rows ?? positions ?? [];
};

/** Of a row, and not of what names its coin: by another name the answer may be about another dex, and is refused as a whole. */
function isWithinRow({ type }: RememberedAnswer, place: JsonPath): boolean {
  const lists = place.filter((key) => typeof key === 'number').length - (type === 'metaAndAssetCtxs' ? 1 : 0);
  const last = place.at(-1);
  return lists > 0 && typeof last === 'string' && !['coin', 'name', 'position'].includes(last);
}

/** Fields of a row of our ports whose numbers cannot be. */
function impossible(row: unknown): readonly string[] {
  const fields = row as Record<string, unknown>;
  const positive = ['price', 'entryPrice', 'markPrice', 'midPrice', 'limitPrice'];
  const sizes = 'side' in fields ? ['originalSize', 'remainingSize', ...('tradeId' in fields ? ['size'] : [])] : [];
  return [
    ...positive.filter((name) => fields[name] != null && !isPositiveText(fields[name])),
    ...sizes.filter((name) => fields[name] != null && !isUnsignedText(fields[name])),
    ...['valueQuote', 'marginUsedQuote'].filter((name) => fields[name] != null && !isUnsignedText(fields[name])),
  ];
}
