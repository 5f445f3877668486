import type { SourceFile } from './source-code.ts';

const CODE = /^(cli|config|containers|functions|infra|local|scripts|shared|web)\/.*\.(ts|mts|js|mjs|css|html)$/;

/** Where a venue may be named: its adapter, its protocol in the simulator, and the settings of each venue. */
const VENUE_ROOMS: readonly RegExp[] = [
  /^shared\/adapters\/exchange\/(?!wire\/|resilience\/|paper\/)[^/]+\//,
  /^local\/exchange-simulator\/wire\/[^/]+\//,
  /^config\/venues\.ts$/,
];

/** Tables with one line per venue, which is its name, and no other word of it. */
const VENUE_TABLES: ReadonlySet<string> = new Set([
  'local/exchange-simulator/wire/protocols.ts',
  'shared/adapters/exchange/open-account-observer.ts',
  'shared/adapters/exchange/open-exchange.ts',
  'shared/adapters/exchange/open-price-feed.ts',
  'shared/adapters/exchange/request-weight.ts',
  'shared/messages/venue-settings.ts',
]);

/** Columns and the sent observer document keep the words that they began with: older rows and senders use them. */
const STORED_WORDS: readonly (readonly [path: RegExp, words: RegExp])[] = [
  [/^shared\/adapters\/sql\//, /^dex$/],
  [/^shared\/messages\/observ(er-document|ed-view)\.ts$/, /^(assetPositions|szi)$/],
];

const NAMES = /hyper-?liquid|binance|luno|deribit|kraken|bybit|okx/gi;
const WORDS = new RegExp(
  `\\b(?:${[
    // HyperLiquid
    'userAbstraction|(?:spotC|c)learinghouseState|assetPositions|szi|cloid|Alo|Ioc|Gtc|xyz|dex(?:es)?|HIP-\\d|hip\\d\\w*',
    // Binance
    'aggTrade|listenKey|recvWindow|X-MBX-[\\w-]+|[fd]api|GTX|positionRisk',
  ].join('|')})\\b`,
  'g',
);

/** A link in a comment names where a formula or a fact is from. */
const withoutSources = (line: string): string =>
  /^\s*(\/\*|\*|\/\/)/.test(line) ? line.replace(/https:\/\/\S+/g, '') : line;

const matches = (text: string, pattern: RegExp): readonly string[] =>
  text
    .split('\n')
    .flatMap((line, index) => [...withoutSources(line).matchAll(pattern)].map(([word]) => `${word} ${index + 1}`));

/** Each name or word of one venue in code that is for all venues, with the lines. Numbers have no form to be told by. */
export function venueNames({ path, text }: SourceFile): readonly string[] {
  if (!CODE.test(path) || VENUE_ROOMS.some((room) => room.test(path))) return [];
  const kept = STORED_WORDS.filter(([file]) => file.test(path)).map(([, words]) => words);
  const found = [...(VENUE_TABLES.has(path) ? [] : matches(text, NAMES)), ...matches(text, WORDS)];
  const byWord = new Map<string, string[]>();
  for (const [word, line] of found.map((each) => each.split(' ') as [string, string])) {
    if (!kept.some((words) => words.test(word))) byWord.set(word, [...(byWord.get(word) ?? []), line]);
  }
  return [...byWord].map(([word, lines]) => `names a venue: ${word} in line ${lines.join(', ')}`);
}
