import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, type ConfigProblem } from '#config/config-error.ts';
import { checkConfig, knownKeys, loadConfig } from '#config/load.ts';
import { LIVE_ACKNOWLEDGEMENT } from '#config/venues.ts';

const defaults = { file: 'config/default.yaml', text: readFileSync('config/default.yaml', 'utf8') };
const withStage = (text: string, overrides: readonly string[] = []) =>
  checkConfig([defaults, { file: 'config/some.yaml', text }], overrides);

function problemsOf(run: () => unknown): readonly ConfigProblem[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('expected a ConfigError');
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe('loadConfig', () => {
  it('gives the original defaults of the money keys when no stage changes them', () => {
    const { config, warnings } = loadConfig({ stage: 'default' });

    expect(config.reconciliation_engine).toMatchObject({
      rebalance_frequency: 900,
      risk_pos_size: 20.25,
      risk_pos_percentage: null,
      minimum_trade_threshold: 20,
      live_pnl_threshold: 0.2,
    });
    expect(config.resilience.breaker).toMatchObject({ failures: 5, open_s: 300 });
    expect(config.quorum.quorum).toBe(2);
    expect(warnings).toEqual([]);
  });

  it('lays a stage over the defaults and overrides over both', () => {
    const { config } = loadConfig({ stage: 'local', overrides: ['http.port=0', 'feed.ping_interval_s=5'] });

    expect(config.stage).toBe('local');
    expect(config.exchanges.hyperliquid?.approval).toBe('automatic');
    expect(config.http.port).toBe(0);
    expect(config.feed.ping_interval_s).toBe(5);
    expect(config.feed.liveness_s).toBe(60);
  });

  it('freezes what it returns, lists included', () => {
    const { config } = loadConfig({ stage: 'local' });

    expect(() => {
      (config.exchanges.hyperliquid!.symbols as string[]).push('X/USDC:USDC');
    }).toThrow(TypeError);
  });

  it('names the file when a stage does not exist, and refuses a stage that is a path', () => {
    expect(problemsOf(() => loadConfig({ stage: 'nowhere' }))[0]?.where).toBe('config/nowhere.yaml');
    expect(problemsOf(() => loadConfig({ stage: '../secrets' }))[0]?.expected).toContain('stage name');
  });

  it('reads another folder when given one', () => {
    const dir = mkdtempSync(join(tmpdir(), '3t-config-'));
    folders.push(dir);
    writeFileSync(join(dir, 'default.yaml'), defaults.text);
    writeFileSync(join(dir, 'tiny.yaml'), 'stage: tiny\nhttp: { port: 9999 }\n');

    expect(loadConfig({ stage: 'tiny', dir }).config.http.port).toBe(9999);
  });
});

describe('checkConfig', () => {
  it('reports everything wrong at once with path, value, place, expectation and nearest key', () => {
    const problems = problemsOf(() =>
      withStage('http:\n  prot: 1\nquorum:\n  max_age_s: 5\nlimits:\n  max_leverage: lots\n', ['cadences.janitor=0']),
    );

    const sorted = [...problems].sort((a, b) => a.path.localeCompare(b.path));
    expect(sorted).toEqual([
      { path: 'cadences.janitor', value: '0', expected: 'expected at least 1', nearest: null, where: '--config' },
      {
        path: 'http.prot',
        value: '1',
        expected: 'expected no such key',
        nearest: 'http.port',
        where: 'config/some.yaml:2',
      },
      {
        path: 'limits.max_leverage',
        value: '"lots"',
        expected: 'expected number',
        nearest: null,
        where: 'config/some.yaml:6',
      },
      {
        path: 'quorum.max_age_s',
        value: '5',
        expected: expect.stringContaining('at least 120'),
        nearest: null,
        where: 'config/some.yaml:4',
      },
    ]);
  });

  it('finds a key that was written in the wrong place', () => {
    const [problem] = problemsOf(() => withStage('rebalance_frequency: 600\n'));
    expect(problem?.nearest).toBe('reconciliation_engine.rebalance_frequency');
  });

  it.each([
    [
      'both sizing keys',
      'reconciliation_engine: { risk_pos_size: 30, risk_pos_percentage: 0.001 }',
      'reconciliation_engine.risk_pos_size',
    ],
    ['no sizing key', 'reconciliation_engine: { risk_pos_size: null }', 'reconciliation_engine.risk_pos_size'],
    ['a quorum above its sources', 'quorum: { quorum: 4 }', 'quorum.quorum'],
    ['an observer nobody runs', 'quorum: { sources: [own-table, "observer:ghost"] }', 'quorum.sources.1'],
    ['a source twice', 'quorum: { sources: [own-table, own-table] }', 'quorum.sources'],
    [
      'live without the sentence',
      'exchanges: { hyperliquid: { kind: live } }',
      'exchanges.hyperliquid.live_acknowledgement',
    ],
    [
      'live over plain http',
      `exchanges: { hyperliquid: { kind: live, live_acknowledgement: "${LIVE_ACKNOWLEDGEMENT}", http_url: "http://venue" } }`,
      'exchanges.hyperliquid.http_url',
    ],
    [
      'automatic approval of a test network',
      'exchanges: { hyperliquid: { kind: testnet, approval: automatic } }',
      'exchanges.hyperliquid.approval',
    ],
    [
      'an observer of a paper venue, whose account nobody else can see',
      'exchanges: { hyperliquid: { kind: paper } }\nquorum: { sources: [own-table, "observer:o"], observers: [{ id: o, http_url: null }] }',
      'quorum.observers',
    ],
    ['a HIP-3 symbol without its dex', 'exchanges: { hyperliquid: { dexes: [] } }', 'exchanges.hyperliquid.symbols.6'],
    ['an order above the position limit', 'limits: { max_order_notional: 20000 }', 'limits.max_order_notional'],
    [
      'exit steps that shrink',
      'reconciliation_engine: { exit_slippage_steps: [0.02, 0.01] }',
      'reconciliation_engine.exit_slippage_steps',
    ],
    [
      'a strategy on bars nobody fetches',
      'market_data: { timeframes: [4h] }',
      'providence.strategies.ema-crossover.timeframe',
    ],
    ['a ping slower than liveness', 'feed: { liveness_s: 20 }', 'feed.ping_interval_s'],
    ['runs that must live longer than they may', 'providence: { min_duration_s: 999999 }', 'providence.min_duration_s'],
  ])('refuses %s', (_, text, path) => {
    expect(problemsOf(() => withStage(text)).map((problem) => problem.path)).toContain(path);
  });

  it('asks a paper venue for the one source that can see it, whoever names the kind', () => {
    const inFile = withStage('exchanges: { hyperliquid: { kind: paper, approval: automatic } }').config;
    const asked = loadConfig({ stage: 'local', overrides: ['exchanges.hyperliquid.kind=paper'] }).config;

    for (const { quorum } of [inFile, asked]) {
      expect(quorum).toMatchObject({ quorum: 1, sources: ['own-table'], observers: [] });
    }
    expect(asked.quorum.max_age_s, "the stage's own").toBe(75);
  });

  it('accepts live with the sentence and a human approval', () => {
    const { config } = withStage(
      `exchanges: { hyperliquid: { kind: live, live_acknowledgement: "${LIVE_ACKNOWLEDGEMENT}" } }`,
    );
    expect(config.exchanges.hyperliquid?.kind).toBe('live');
  });

  it("warns about the original's keys, carrying renamed values over", () => {
    const { config, warnings } = withStage(
      'redis: { host: redis }\nreconciliation_engine: { position_staleness_timeout: 200, kelly_threshold: 0.5 }\n',
    );

    expect(config.quorum.max_age_s).toBe(200);
    expect(warnings).toHaveLength(3);
    expect(warnings.join('\n')).toMatch(/redis .*retired[\s\S]*position_staleness_timeout .*called quorum\.max_age_s/);
  });

  it('points into the file of the user where a value that goes by a new name is wrong', () => {
    const text = 'celery:\n  schedules:\n    update_balance: often\n';

    expect(problemsOf(() => withStage(text))).toMatchObject([
      { path: 'cadences.balance', value: '"often"', where: 'config/some.yaml:3' },
    ]);
  });

  it('does not take a renamed value over that other settings rule out, and says which', () => {
    const { config, warnings } = withStage('stage: some\nreconciliation_engine:\n  position_staleness_timeout: 60\n');

    expect(config.quorum.max_age_s).toBe(300);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^reconciliation_engine\.position_staleness_timeout = 60 \(config\/some\.yaml:3\) is called quorum\.max_age_s now and was not taken over: expected at least 120/,
      ),
    ]);
    expect(problemsOf(() => withStage('quorum: { max_age_s: 60 }\n'))[0]?.path, 'by its own name it is').toBe(
      'quorum.max_age_s',
    );
  });

  it('takes the sizing that a file sets for the one that is meant, and refuses a file that sets both', () => {
    const { config, warnings } = withStage('reconciliation_engine: { risk_pos_percentage: 0.002 }');

    expect(config.reconciliation_engine).toMatchObject({ risk_pos_size: null, risk_pos_percentage: 0.002 });
    expect(warnings).toEqual([
      'reconciliation_engine.risk_pos_size = 20.25 gives way to reconciliation_engine.risk_pos_percentage (config/some.yaml): only one of the two may be set',
    ]);
    const back = withStage('reconciliation_engine: { risk_pos_percentage: 0.002 }', [
      'reconciliation_engine.risk_pos_size=30',
    ]).config.reconciliation_engine;
    expect(back).toMatchObject({ risk_pos_size: 30, risk_pos_percentage: null });
  });

  it("loads the original's example with warnings and without a problem", () => {
    const { config, warnings } = withStage(readFileSync('test/fixtures/original-example.yml', 'utf8'));

    expect(config.reconciliation_engine).toMatchObject({
      rebalance_frequency: 600,
      risk_pos_size: null,
      risk_pos_percentage: 0.000003,
      minimum_trade_threshold: 12.5,
    });
    expect(config.providence.max_position_direction).toBe(1);
    expect(config.quorum.max_age_s).toBe(300);
    expect(config.cadences.balance).toBe(15);
    expect(config.exchanges.hyperliquid?.symbols).toHaveLength(7);
    for (const key of ['max_position_direction = 1024', 'risk_pos_size = 20.25 gives way', 'timeout = 60']) {
      expect(warnings.filter((warning) => warning.includes(key))).toHaveLength(1);
    }
    expect(problemsOf(() => withStage('providence: { max_position_direction: 0 }'))).toHaveLength(1);
  });

  it('refuses cadences that ask for more than the venue answers, with the sum', () => {
    const [problem] = problemsOf(() => withStage('cadences: { order_tracker: 2 }'));

    expect(problem).toMatchObject({ path: 'cadences.order_tracker', where: 'config/some.yaml:1' });
    // 30 turns of fills (20) and open orders (20); marks of the native exchange and one dex twice a minute, 7 symbols in 1m and 4h.
    expect(problem?.expected).toMatch(
      /resilience\.weight_per_minute, 1200: order_tracker 1200 \+ market_data 221 \+ observer 104 \+ balance 92 .*= 16\d\d a minute$/,
    );
    expect(withStage('cadences: { order_tracker: 2 }\nresilience: { weight_per_minute: 2000 }').config).toBeDefined();
    const paper = 'cadences: { order_tracker: 2 }\nexchanges: { hyperliquid: { kind: paper, approval: automatic } }';
    expect(withStage(paper).config, 'a paper account is asked of nobody').toBeDefined();
  });

  it('prefers the new name when both are set', () => {
    const { config, warnings } = withStage(
      'quorum: { max_age_s: 250 }\nreconciliation_engine: { position_staleness_timeout: 200 }\n',
    );
    expect(config.quorum.max_age_s).toBe(250);
    expect(warnings[0]).toContain('also set');
  });

  it('never shows a value that looks like a key or stands under a secret name', () => {
    const key = '59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
    const problems = problemsOf(() => withStage(`password: hunter22\nhttp: { port: "0x${key}" }\n`));

    const text = JSON.stringify(problems) + new ConfigError(problems).message;
    expect(text).not.toContain('hunter22');
    expect(text).not.toContain(key);
    expect(problems).toHaveLength(2);
  });

  it('gives the line of a syntax error and of a key written twice', () => {
    expect(problemsOf(() => withStage('stage: some\nhttp: { port: 1\n'))[0]?.where).toMatch(/^config\/some\.yaml:\d+$/);
    expect(problemsOf(() => withStage('stage: a1\nstage: a2\n'))[0]?.where).toBe('config/some.yaml:2');
  });

  it('refuses a file that is a list, too large, or that multiplies itself by aliases', () => {
    expect(problemsOf(() => withStage('- 1\n'))[0]?.expected).toContain('map');
    expect(problemsOf(() => withStage(`# ${'x'.repeat(300_000)}\n`))[0]?.expected).toContain('bytes');
    const bomb = ['a: &a [1,1,1,1,1,1,1,1,1,1]']
      .concat(['b', 'c', 'd', 'e'].map((name, i) => `${name}: &${name} [${`*${'abcde'[i]},`.repeat(10)}]`))
      .join('\n');
    expect(problemsOf(() => withStage(bomb))[0]?.expected).toContain('valid YAML');
  });

  it('answers any override with a config or a ConfigError, and leaves Object.prototype alone', () => {
    const key = fc.oneof(
      fc.constantFrom(...knownKeys(), '__proto__.polluted', 'constructor.prototype.polluted'),
      fc.string(),
    );
    fc.assert(
      fc.property(key, fc.oneof(fc.string(), fc.json()), (path, value) => {
        try {
          checkConfig([defaults], [`${path}=${value}`]);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});
