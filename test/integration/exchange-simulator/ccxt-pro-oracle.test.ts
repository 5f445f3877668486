import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { loadHyperliquidPro } from './ccxt-module.ts';
import { type SimulatorProcess, startSimulator } from './simulator-process.ts';

/**
 * Somebody else's client as the judge of our wire format: ccxt.pro, unmodified, must see the trades and books that a
 * bare socket sees. Market time stands still between steps, so both sockets are told of the same instants.
 */
describe('ccxt.pro, unmodified', () => {
  let simulator: SimulatorProcess;
  // biome-ignore lint/suspicious/noExplicitAny: ccxt's replies
  let exchange: any;
  beforeAll(async () => {
    simulator = await startSimulator('--stepped', '--history-minutes', '10');
    const Hyperliquid = await loadHyperliquidPro();
    exchange = new Hyperliquid({
      urls: { api: { public: simulator.httpUrl, private: simulator.httpUrl, ws: { public: simulator.wsUrl } } },
      enableRateLimit: false,
    });
    // ccxt asks for this before it opens a plain ws:// address.
    await exchange.loadHttpProxyAgent();
    await exchange.loadMarkets();
  });
  afterAll(async () => {
    await exchange.close();
    await simulator.kill('SIGTERM');
  });

  const step = async (ms: number) => {
    const { nowMs } = (await simulator.post('/control/status', {})).json as { nowMs: number };
    await simulator.post('/control/advance', { toMs: nowMs + ms });
  };

  async function bareSocket(subscription: Record<string, string>) {
    // biome-ignore lint/suspicious/noExplicitAny: raw frames
    const data: any[] = [];
    const socket = new WebSocket(simulator.wsUrl);
    const subscribed = new Promise<void>((resolve) => {
      socket.on('message', (text) => {
        const frame = JSON.parse(String(text));
        if (frame.channel === 'subscriptionResponse') resolve();
        if (frame.channel === subscription.type) data.push(frame.data);
      });
    });
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify({ method: 'subscribe', subscription }));
    await subscribed;
    return { data, close: () => socket.terminate() };
  }

  it.each([
    ['BTC/USDC:USDC', 'BTC'],
    ['XYZ-INTC/USDC:USDC', 'xyz:INTC'],
  ])('sees every trade of %s', async (symbol, coin) => {
    await step(20_000);
    const bare = await bareSocket({ type: 'trades', coin });
    await exchange.watchTrades(symbol);
    let seen: { id: string; price: number; amount: number; side: string; timestamp: number; symbol: string }[] = [];
    for (let i = 0; i < 20; i += 1) {
      const news = exchange.watchTrades(symbol);
      await step(1_000);
      await news;
    }
    const sent = bare.data.flat();
    // The last frames of a step may still be on their way when the first one resolves the watch.
    for (let i = 0; i < 200 && seen.at(-1)?.id !== String(sent.at(-1).tid); i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      seen = [...exchange.trades[symbol]];
    }
    bare.close();
    expect(sent.length).toBeGreaterThan(100);
    expect(seen.map(({ id, price, amount, side, timestamp }) => ({ id, price, amount, side, timestamp }))).toEqual(
      sent.map((trade) => ({
        id: String(trade.tid),
        price: Number(trade.px),
        amount: Number(trade.sz),
        side: trade.side === 'B' ? 'buy' : 'sell',
        timestamp: trade.time,
      })),
    );
    expect(seen.every((trade) => trade.symbol === symbol)).toBe(true);
  });

  it('sees every book', async () => {
    await step(1_000);
    const bare = await bareSocket({ type: 'l2Book', coin: 'ETH' });
    type Book = { timestamp: number; bids: number[][]; asks: number[][] };
    const seen = new Map<number, unknown>();
    const note = ({ timestamp, bids, asks }: Book) => {
      const copy = (side: number[][]) => side.map(([price, size]) => [price, size]);
      seen.set(timestamp, { bids: copy(bids), asks: copy(asks) });
    };
    note(await exchange.watchOrderBook('ETH/USDC:USDC'));
    for (let i = 0; i < 10; i += 1) {
      const next = exchange.watchOrderBook('ETH/USDC:USDC');
      // Longer than the venue's 500 ms between books, shorter than two of them: one book a step.
      await step(900);
      note(await next);
    }
    bare.close();
    const levels = (side: { px: string; sz: string }[]) => side.map(({ px, sz }) => [Number(px), Number(sz)]);
    const shared = bare.data.filter((book) => seen.has(book.time));
    expect(shared.length).toBeGreaterThanOrEqual(8);
    for (const { time, levels: sides } of shared) {
      expect(seen.get(time)).toEqual({ bids: levels(sides[0]), asks: levels(sides[1]) });
      expect([sides[0].length, sides[1].length]).toEqual([20, 20]);
    }
  });
});
