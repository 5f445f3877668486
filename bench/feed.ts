/**
 * Decode and publish against bare JSON.parse: `npm exec -c 'node bench/feed.ts'`, `--json` for one JSON line.
 * A fixed corpus of HyperLiquid `trades` messages (60 % carry one trade, the rest 2 to 30, twenty coins) goes through the real
 * feed (decoder, subscriptions, liveness) and the real publisher (dedupe, order, encoding) into a stream that only keeps the
 * records. Their count, bytes and SHA-256 are asserted; the rate must be at least half of JSON.parse on the same text.
 */
import { createHash } from 'node:crypto';
import { seededRandom } from '#local/virtual-time/seeded.ts';
import { hyperliquidTrades } from '#shared/adapters/exchange/hyperliquid/trades-protocol.ts';
import { TRADES_FEED_DEFAULTS, TradesFeed } from '#shared/adapters/exchange/wire/trades-feed.ts';
import type { WebSocketLike } from '#shared/adapters/exchange/wire/web-socket-like.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { StreamRecord } from '#shared/ports/event-stream.ts';
import { PricePublisher } from '#shared/usecases/publish-prices.ts';

const MESSAGES = 20_000;
const ROUNDS = 7;
const START_MS = Date.UTC(2026, 0, 5);
const REQUIRED_RATIO = 0.5;
/** Promise turns until a put that succeeds at once is over: every message is then a record of its own. */
const TURNS_OF_A_PUT = 4;
const EXPECTED = {
  trades: 139_240,
  records: 20_000,
  bytes: 15_066_381,
  sha256: '309ff3b1904be7a76225227d2df7427e82c02c2d01efa4a187a51dab41e72dab',
};

const coins = Array.from({ length: 20 }, (_, i) => (i < 16 ? `C${i}` : `xyz:H${i}`));
const instruments = coins.map((coin) => ({
  symbol: `${coin.replace(':', '-')}/USDC:USDC`,
  venueSymbol: coin,
  subAccount: null,
}));

/** The corpus: message texts with their arrival times. */
function corpus(): { text: string; atMs: number }[] {
  const random = seededRandom(1);
  const hex = (length: number) => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
  let atMs = START_MS;
  return Array.from({ length: MESSAGES }, () => {
    atMs += Math.floor(random() * 20);
    const coin = coins[Math.floor(random() * coins.length)]!;
    const count = random() < 0.6 ? 1 : 2 + Math.floor(random() * 29);
    const data = Array.from({ length: count }, () => ({
      coin,
      side: random() < 0.5 ? 'A' : 'B',
      px: (1 + random() * 90_000).toFixed(1),
      sz: (0.00001 + random() * 3).toFixed(5),
      time: atMs,
      hash: `0x${hex(64)}`,
      tid: Math.floor(random() * 2 ** 49),
      users: [`0x${hex(40)}`, `0x${hex(40)}`],
    }));
    return { text: JSON.stringify({ channel: 'trades', data }), atMs };
  });
}

const messages = corpus();
const inputBytes = messages.reduce((sum, m) => sum + m.text.length, 0);

function parseRound(): number {
  const startMs = performance.now();
  let seen = 0;
  for (const { text } of messages) seen += (JSON.parse(text) as { data: unknown[] }).data.length;
  if (seen === 0) throw new Error('nothing parsed');
  return performance.now() - startMs;
}

/** A clock that shows the arrival time of the message at hand; its timers never fire. */
function standingClock(): Clock & { at: number } {
  const clock = {
    at: START_MS,
    nowMs: () => clock.at,
    setTimer: () => ({ cancel: () => {} }),
    sleep: () => Promise.reject(new Error('nobody waits here')),
  };
  return clock;
}

async function feedRound(): Promise<{ elapsedMs: number; records: StreamRecord[]; trades: number }> {
  const clock = standingClock();
  const records: StreamRecord[] = [];
  let bytes = 0;
  let ids = 0;
  const socket: WebSocketLike = { onOpen: null, onMessage: null, onClose: null, send: () => {}, close: () => {} };
  const telemetry = { log: () => {}, count: () => {}, gauge: () => {}, timing: () => {} };
  const feed = new TradesFeed(
    { clock, telemetry, random: seededRandom(1), connect: () => socket, protocol: hyperliquidTrades('hyperliquid') },
    { exchange: 'hyperliquid', url: 'ws://bench', ...TRADES_FEED_DEFAULTS },
  );
  const stream = {
    put: async (batch: readonly StreamRecord[]) => {
      // What a client does first; it also makes the text one piece.
      for (const record of batch) bytes += Buffer.byteLength(record.data);
      records.push(...batch);
    },
  };
  const publisher = new PricePublisher(
    { clock, ids: { next: () => String(ids++).padStart(16, '0') }, random: seededRandom(1), stream },
    {
      exchange: 'hyperliquid',
      flushIntervalMs: 0,
      flushTicks: 100,
      maxRecordsPerPut: 500,
      retryMinMs: 100,
      retryMaxMs: 10_000,
      sequence: {
        rememberedIds: 2_000,
        maxPending: 5_000,
        maxAgeMs: 60_000,
        maxBackfillAgeMs: 3_600_000,
        maxFutureMs: 10_000,
      },
    },
  );
  feed.setInstruments(instruments);
  feed.start((batch) => publisher.ingest(batch));
  socket.onOpen?.();
  const startMs = performance.now();
  for (const { text, atMs } of messages) {
    clock.at = atMs;
    socket.onMessage?.(text);
    // A message of a socket is a turn of its own: what the put promised is settled before the next one.
    for (let turn = 0; turn < TURNS_OF_A_PUT; turn += 1) await null;
  }
  await publisher.stop(1_000);
  const elapsedMs = performance.now() - startMs;
  const stats = publisher.stats();
  if (stats.published !== feed.counters().tradesDelivered) throw new Error('a trade was not published');
  if (bytes === 0) throw new Error('nothing was put');
  return { elapsedMs, records, trades: stats.published };
}

function summary(records: readonly StreamRecord[]) {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const { partitionKey, data } of records) {
    hash.update(`${partitionKey}\n${data}\n`);
    bytes += Buffer.byteLength(data);
  }
  return { records: records.length, bytes, sha256: hash.digest('hex') };
}

const parseMs: number[] = [];
const feedMs: number[] = [];
let output = { trades: 0, ...summary([]) };
for (let round = 0; round <= ROUNDS; round += 1) {
  const parse = parseRound();
  const { elapsedMs, records, trades } = await feedRound();
  output = { trades, ...summary(records) };
  // The first round warms up.
  if (round === 0) continue;
  parseMs.push(parse);
  feedMs.push(elapsedMs);
}

const result = {
  bench: 'feed',
  messages: MESSAGES,
  inputBytes,
  ...output,
  parseMs: Math.min(...parseMs),
  feedMs: Math.min(...feedMs),
  tradesPerSecond: Math.round((output.trades / Math.min(...feedMs)) * 1000),
  ratio: Math.min(...parseMs) / Math.min(...feedMs),
  requiredRatio: REQUIRED_RATIO,
  node: process.version,
};
const asExpected = (Object.keys(EXPECTED) as (keyof typeof EXPECTED)[]).every((key) => EXPECTED[key] === output[key]);

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(result));
} else {
  const row = (name: string, ms: number) => ({
    step: name,
    'ms (best)': ms.toFixed(1),
    'trades/s': Math.round((output.trades / ms) * 1000),
    'MB/s': (inputBytes / ms / 1000).toFixed(0),
  });
  console.table([row('JSON.parse only', result.parseMs), row('decode and publish', result.feedMs)]);
  console.log(`ratio ${result.ratio.toFixed(2)} (required ${REQUIRED_RATIO})`);
  console.log(`${output.records} records, ${output.bytes} bytes, sha256 ${output.sha256}`);
}
if (!asExpected) {
  console.error(`output differs: expected ${JSON.stringify(EXPECTED)}, got ${JSON.stringify(output)}`);
  process.exit(1);
}
if (result.ratio < REQUIRED_RATIO) {
  console.error('too slow');
  process.exit(1);
}
