import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSimulatorFetch } from '#local/exchange-simulator/doors/simulator-fetch.ts';
import type { ExchangeSimulator } from '#local/exchange-simulator/exchange-simulator.ts';
import { TEST_ACCOUNTS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { applyTransfer } from '#local/exchange-simulator/wire/control.ts';
import { seededRandom } from '#local/virtual-time/seeded.ts';
import { observerDocumentSchema } from '#shared/messages/observer-document.ts';
import { decodeFrame } from '#shared/adapters/exchange/hyperliquid-feed/decode-frame.ts';
import { ObserverReadError, readAccountForObserver } from '#shared/adapters/exchange/hyperliquid/observer-reader.ts';
import { isPositiveText, isUnsignedText } from '#shared/core/decimal.ts';
import type { ApprovedOrder } from '#shared/core/orders/order.ts';
import { ExchangeError } from '#shared/ports/exchange.ts';
import { type ExchangeUnderTest, orderAt } from '#test/support/exchange-under-test.ts';
import { hyperliquidOnSimulator, START_MS } from '#test/support/hyperliquid-on-simulator.ts';
import { type JsonPath, MUTATIONS, mutated, placesOf } from '#test/support/mutated-json.ts';

const ADDRESS = TEST_ACCOUNTS[0]!.address;
const SEED = Number(process.env.FUZZ_SEED ?? 9);
const TRIES = Number(process.env.FUZZ_TRIES ?? 250);

interface Answer {
  readonly key: string;
  readonly type: string;
  readonly json: unknown;
}

/** Answers of the simulator, remembered by their question, one of them changed. */
function spoiledVenue() {
  const remembered = new Map<string, Answer>();
  let change: { readonly key: string; readonly json: unknown } | null = null;
  let simulator: ExchangeSimulator | null = null;
  let ask: typeof fetch | null = null;
  const fetchIt: typeof fetch = async (input, init) => {
    const question = JSON.parse(String(init?.body));
    const type: string = question.type ?? question.action.type;
    const key = question.action === undefined ? JSON.stringify(question) : `/exchange ${type}`;
    const known = remembered.get(key);
    if (known === undefined) {
      ask ??= createSimulatorFetch(simulator!);
      const response = await ask(input, init);
      const text = await response.text();
      remembered.set(key, { key, type, json: JSON.parse(text) });
      return new Response(text, { status: response.status });
    }
    const json = change?.key === key ? change.json : known.json;
    return new Response(JSON.stringify(json) ?? 'null');
  };
  const world = hyperliquidOnSimulator({ fetch: fetchIt as never });
  simulator = world.simulator;
  return {
    ...world,
    fetchIt,
    remembered,
    forget: () => remembered.clear(),
    spoil: (next: typeof change) => {
      change = next;
    },
  };
}

type Venue = ReturnType<typeof spoiledVenue>;
interface Read {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

describe('an answer with one thing changed in it', () => {
  let venue: Venue;
  let exchange: ExchangeUnderTest;
  let order: ApprovedOrder;

  beforeAll(async () => {
    venue = spoiledVenue();
    const { hyperliquid, simulator, forget } = venue;
    exchange = {
      ...hyperliquid,
      orderVenue: hyperliquid.orderVenue!,
      account: 'main',
      symbols: ['BTC/USDC:USDC', 'XYZ-CL/USDC:USDC'],
      subAccounts: [],
      nowMs: () => simulator.nowMs(),
      pass: async (ms) => simulator.advance(simulator.nowMs() + ms),
      close: () => hyperliquid.close(),
    };
    for (const symbol of ['BTC/USDC:USDC', 'ETH/USDC:USDC', 'XYZ-CL/USDC:USDC']) {
      await exchange.orderVenue.submitOrder(await orderAt(exchange, symbol, 'buy', 1.02, 200));
      forget();
    }
    for (const symbol of ['BTC/USDC:USDC', 'SOL/USDC:USDC']) {
      order = await orderAt(exchange, symbol, 'buy', 0.9, 100, { timeInForce: 'Gtc' });
      await exchange.orderVenue.submitOrder(order);
      forget();
    }
    simulator.change((w) => applyTransfer(w, { user: ADDRESS, dex: 'native', amountQuote: '7' }));
    simulator.advance(simulator.nowMs() + 60_000);
  });
  afterAll(() => exchange.close());

  const reads = (): readonly Read[] => {
    const { accountReader, marketData } = exchange;
    const now = exchange.nowMs();
    return [
      { name: 'state', run: () => accountReader.fetchAccountState('main') },
      { name: 'open orders', run: () => accountReader.fetchOpenOrders('main') },
      { name: 'order', run: () => accountReader.fetchOrder('main', order.clientOrderId) },
      { name: 'fills', run: () => accountReader.fetchFills('main', 0) },
      { name: 'transfers', run: () => accountReader.fetchTransfers('main', 0) },
      { name: 'instruments', run: () => marketData.loadInstruments() },
      { name: 'marks', run: () => marketData.fetchMarkPrices() },
      { name: 'candles', run: () => marketData.fetchCandles('BTC/USDC:USDC', '1m', now - 600_000, now) },
      { name: 'venue time', run: () => venue.hyperliquid.venueClock.venueTimeMs() },
      { name: 'key', run: () => exchange.orderVenue.checkKey('main') },
    ];
  };

  it('explore', async () => {
    const random = seededRandom(SEED);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const found = new Map<string, number>();
    const say = (text: string) => found.set(text, (found.get(text) ?? 0) + 1);
    for (const { name, run } of reads()) {
      venue.forget();
      venue.spoil(null);
      const clean = await run();
      const cleanRows = rowsOf(clean);
      const answers = [...venue.remembered.values()];
      for (let n = 0; n < TRIES; n += 1) {
        const answer = pick(answers);
        const place = pick(placesOf(answer.json));
        const mutation = pick(MUTATIONS);
        venue.spoil({ key: answer.key, json: mutated(answer.json, place, mutation) });
        const where = `${name}: ${answer.type} ${place.map((p) => (typeof p === 'number' ? '#' : p)).join('.')} ${mutation}`;
        let got: unknown;
        try {
          got = await run();
        } catch (error) {
          if (!(error instanceof ExchangeError)) say(`UNCODED ${where}: ${error}`);
          else say(`${error.kind === 'bug' ? 'BUG ' : ''}rejects ${error.kind} ${where}: ${error.message.slice(0, 80)}`);
          continue;
        }
        const lost = cleanRows.length - rowsOf(got).length;
        if (lost > 1) say(`LOST ${lost} of ${cleanRows.length} ${where}`);
      }
    }
    console.log([...found].sort().map(([k, n]) => `${n} ${k}`).join('\n'));
  }, 120_000);

  it('explore orders', async () => {
    const random = seededRandom(SEED);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const found = new Map<string, number>();
    const say = (text: string) => found.set(text, (found.get(text) ?? 0) + 1);
    const { orderVenue } = exchange;
    venue.spoil(null);
    venue.forget();
    for (const tif of ['Ioc', 'Gtc'] as const) {
      venue.forget();
      venue.spoil(null);
      const o = await orderAt(exchange, 'BTC/USDC:USDC', 'buy', tif === 'Ioc' ? 1.02 : 0.9, 100, { timeInForce: tif });
      const good = await orderVenue.submitOrder(o);
      const answer = venue.remembered.get('/exchange order')!;
      for (const place of placesOf(answer.json)) for (const mutation of MUTATIONS) {
        venue.spoil({ key: answer.key, json: mutated(answer.json, place, mutation) });
        const got = await orderVenue.submitOrder(o).catch((e) => ({ kind: `THROWN ${e}` }) as never);
        if (got.kind !== good.kind && got.kind !== 'unknown' || (got.kind === 'unknown' && got.errorKind !== 'malformed-reply')) say(`${place.join('.')} ${mutation}: ${JSON.stringify(got)}`);
        else if (got.kind === 'accepted' && JSON.stringify(got) !== JSON.stringify(good)) say(`${place.join('.')} ${mutation}: ${JSON.stringify(got)}`);
      }
    }
    venue.forget();
    venue.spoil(null);
    const c = await orderVenue.cancelOrder('main', order.symbol, order.clientOrderId, 'open');
    console.log(c);
    const answer = venue.remembered.get('/exchange cancelByCloid')!;
    for (const place of placesOf(answer.json)) for (const mutation of MUTATIONS) {
      venue.spoil({ key: answer.key, json: mutated(answer.json, place, mutation) });
      const got = await orderVenue.cancelOrder('main', order.symbol, order.clientOrderId, 'open').catch((e) => ({ kind: `THROWN ${e}` }) as never);
      if (got.kind !== 'unknown') say(`cancel ${place.join('.')} ${mutation}: ${JSON.stringify(got)}`);
    }
    console.log([...found].sort().map(([k, n]) => `${n} ${k}`).join('\n'));
  }, 120_000);
});

const rowsOf = (value: unknown): readonly unknown[] => {
  const { rows, positions } = (value ?? {}) as { rows?: unknown[]; positions?: unknown[] };
  return rows ?? positions ?? [];
};
