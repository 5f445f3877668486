import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ConfigError } from '#config/config-error.ts';
import { functionEnvironments } from '#config/function-environments.ts';
import { functionsOf, queueWorkers, requestedJobs, scheduledFunctions } from '#config/functions.ts';
import { quorumOf } from '#config/kind-settings.ts';
import { checkConfig } from '#config/load.ts';
import { stageChecks } from '#config/stage-checks.ts';
import { venueSettings } from '#config/venue-settings.ts';
import { exchangeOf, exchangesOf } from '#config/venues.ts';
import { apiEnvSchema } from '#functions/api/env.ts';

const defaults = { file: 'config/default.yaml', text: readFileSync('config/default.yaml', 'utf8') };
const load = (text: string, ...overrides: string[]) =>
  checkConfig([defaults, { file: 'config/x.yaml', text }], overrides);
const problemsOf = (text: string, checks: ReturnType<typeof stageChecks> = []) => {
  try {
    checkConfig([defaults, { file: 'config/x.yaml', text }], [], checks);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
};
const OTHER = '0x1111111111111111111111111111111111111111';
const second = (more = '') =>
  `exchanges:\n  second:\n    venue: hyperliquid\n    accounts: [{ name: main, address: "${OTHER}", agent_key_secret: a.b }]\n${more}`;

describe('exchanges', () => {
  it('are one as long as nobody names another, and of the venue that they are named after', () => {
    const { config } = load('');
    expect(exchangesOf(config)).toEqual(['hyperliquid']);
    expect(exchangeOf(config, 'hyperliquid').venue).toBe('hyperliquid');
  });

  it('may be two of one venue, the other with what default.yaml says of that venue', () => {
    const { config } = load(second());
    expect(exchangesOf(config)).toEqual(['hyperliquid', 'second']);
    const [first, other] = Object.values(config.exchanges);
    expect(other).toEqual({ ...first, accounts: [{ name: 'main', address: OTHER, agent_key_secret: 'a.b' }] });
  });

  it('are dropped by null, also the one of default.yaml', () => {
    expect(exchangesOf(load(`${second()}  hyperliquid: null\n`).config)).toEqual(['second']);
    expect(exchangesOf(load(second(), 'exchanges.second=null').config)).toEqual(['hyperliquid']);
    expect(problemsOf('exchanges: { hyperliquid: null }')).toMatchObject([
      { path: 'exchanges', expected: 'expected an exchange: every one is null' },
    ]);
  });

  it('throws for a name that the settings do not have', () => {
    expect(() => exchangeOf(load('').config, 'toString')).toThrow('exchanges has no toString: hyperliquid');
  });

  it.each([
    ['an unknown venue', 'exchanges: { kraken: {} }', 'exchanges.kraken.venue', 'expected one of hyperliquid'],
    ['a name that is none', 'exchanges: { Second: { venue: hyperliquid } }', 'exchanges.Second', 'lower-case letters'],
    ['a kind that is none', second('    kind: play\n'), 'exchanges.second.kind', 'expected one of simulator'],
    [
      'an approval',
      second('    kind: testnet\n    approval: automatic\n'),
      'exchanges.second.approval',
      'expected manual',
    ],
    [
      'a dex that is not listed',
      second('    dexes: []\n'),
      'exchanges.second.symbols.6',
      'exchanges.second.dexes lists',
    ],
    [
      'no account of its own',
      `exchanges: { hyperliquid: { http_url: "http://a" }, second: { venue: hyperliquid, http_url: "http://a" } }`,
      'exchanges.second.accounts.0',
      'one writer',
    ],
  ])('names the entry of %s', (_, text, path, expected) => {
    expect(problemsOf(text)).toMatchObject([{ path, expected: expect.stringContaining(expected) }]);
  });

  it('knows the keys of an entry by its venue, and where it was written', () => {
    expect(problemsOf(second('    aproval: manual\n'))).toMatchObject([
      { path: 'exchanges.second.aproval', nearest: 'exchanges.second.approval', where: 'config/x.yaml:5' },
    ]);
  });

  it('are each within the weight of a minute', () => {
    const dear = `cadences: { order_tracker: 2 }\n${second()}`;
    expect(problemsOf(dear).map((problem) => problem.expected)).toEqual([
      expect.stringContaining('requests of hyperliquid cost at most'),
      expect.stringContaining('requests of second cost at most'),
    ]);
  });

  it('share the limit of a venue that both ask, each with half the cadences it could have alone', () => {
    const alone = 'cadences: { order_tracker: 8 }\nexchanges: { hyperliquid: { kind: testnet, http_url: "http://a" } }';
    expect(problemsOf(alone)).toEqual([]);
    const both = `${alone.slice(0, -2)}, second: { venue: hyperliquid, kind: testnet, http_url: "http://a", accounts: [{ name: main, address: "${OTHER}", agent_key_secret: a.b }] } }`;
    expect(problemsOf(both)).toMatchObject([
      { expected: expect.stringContaining('requests of hyperliquid and second cost at most') },
    ]);
  });

  it('are each checked before a stage is deployed', () => {
    const paths = problemsOf(second(), stageChecks('default')).map((problem) => problem.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'exchanges.hyperliquid.http_url',
        'exchanges.second.http_url',
        'exchanges.second.ws_url',
      ]),
    );
  });

  it('have observers, variables and settings of their own', () => {
    const { config } = load(second('    kind: testnet\n'));
    const variables = (exchange: string) => functionEnvironments({ config, holder: 'x', seed: 1 }, exchange);
    const [first, other] = [variables('hyperliquid'), variables('second')];
    expect(other.reconciliation).toMatchObject({ EXCHANGE: 'second', ACCOUNT: 'main', ADDRESS: OTHER });
    expect(other.janitor.VENUE_KIND).toBe('testnet');
    const ids = (exchange: string) => quorumOf(config, exchange).observers.map(({ id }) => id);
    expect(ids('second')).toEqual(ids('hyperliquid').map((id) => `${id}-second`));
    expect(first.janitor.OBSERVER_IDS).toBe(ids('hyperliquid').join(','));
    expect(other.janitor.OBSERVER_IDS).toBe(ids('second').join(','));
    const addresses = { httpUrl: 'https://a.test', wsUrl: 'wss://a.test' };
    expect(venueSettings(config, 'second', addresses)).toMatchObject({ exchange: 'second', venue: 'hyperliquid' });
  });

  it('are all told to the API, with their accounts', () => {
    const { config } = load(second());
    const { api } = functionEnvironments({ config, holder: 'x', seed: 1 }, 'hyperliquid');
    expect(apiEnvSchema.shape.EXCHANGES.parse(api.EXCHANGES)).toEqual([
      { exchange: 'hyperliquid', accounts: ['main'] },
      { exchange: 'second', accounts: ['main'] },
    ]);
  });

  it('have functions, schedules, requests and work queues of their own; consumers of streams serve all', () => {
    const { config } = load(second());
    const names = functionsOf(config).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['balance', 'balance-second', 'observer-1', 'observer-1-second']));
    expect(names.filter((name) => /consumer|run-strategies|^api|migrate/.test(name))).toHaveLength(5);
    expect(scheduledFunctions(config)).toContainEqual(
      expect.objectContaining({ name: 'janitor-second', job: 'janitor', exchange: 'second', folder: 'janitor' }),
    );
    expect(requestedJobs(config)).toContainEqual(
      expect.objectContaining({ job: 'reconciliation', exchange: 'second', functionNames: ['reconciliation-second'] }),
    );
    expect(queueWorkers(config).map(({ name, queue }) => `${name} ${queue}`)).toEqual([
      'candle-fetcher candle_jobs',
      'candle-fetcher-second candle_jobs',
      'order-gateway orders',
      'order-gateway-second orders',
    ]);
  });

  it('may not give two functions one name', () => {
    expect(problemsOf(second().replaceAll('second', 'consumer'))).toMatchObject([
      { path: 'exchanges', expected: 'expected another name: two functions would be called balance-consumer' },
    ]);
  });

  it("do not read another venue through the routes of the first one's observers", () => {
    const { config } = load(
      `${second()}quorum:\n  observers: [{ id: o, http_url: "https://route.test" }]\n  sources: [own-table, "observer:o"]\n`,
    );
    expect(quorumOf(config, 'hyperliquid').observers).toEqual([{ id: 'o', http_url: 'https://route.test' }]);
    expect(quorumOf(config, 'second').observers).toEqual([{ id: 'o-second', http_url: null }]);
  });

  it('keep an own quorum of one source for paper beside a venue that others can see', () => {
    const { config } = load(second('    kind: paper\n'));
    expect(quorumOf(config, 'second')).toMatchObject({ quorum: 1, sources: ['own-table'], observers: [] });
    expect(quorumOf(config, 'hyperliquid')).toEqual(config.quorum);
  });
});
