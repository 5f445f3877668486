import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '#config/config-error.ts';
import type { Config } from '#config/schema.ts';
import { cadenceFits, stageChecks } from '#config/stage-checks.ts';
import { LIVE_ACKNOWLEDGEMENT } from '#config/venues.ts';
import { loadStage } from '#infra/load-stage.ts';

const problemsOf = (stage: string, overrides: readonly string[] = []): readonly string[] => {
  try {
    loadStage(stage, overrides);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => `${problem.path}: ${problem.expected}`);
    throw error;
  }
};

const LIMITS = [
  'max_order_notional=100',
  'max_position_notional=200',
  'max_daily_loss=10',
  'max_daily_fees=5',
  'max_leverage=2',
].map((limit) => `limits.${limit}`);

describe('a stage', () => {
  it('dev may be deployed as it is', () => {
    expect(problemsOf('dev')).toEqual([]);
  });

  it('live refuses to be synthesized and lists everything that somebody has to decide', () => {
    const problems = problemsOf('live');
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'aws.alarm_email',
      'exchanges.hyperliquid.accounts.0.address',
      'exchanges.hyperliquid.live_acknowledgement',
      'limits.max_daily_fees',
      'limits.max_daily_loss',
      'limits.max_leverage',
      'limits.max_order_notional',
      'limits.max_position_notional',
    ]);
  });

  it('live may be deployed once its file says everything', () => {
    const dir = mkdtempSync(join(tmpdir(), '3t-live-'));
    const file = (name: string) => readFileSync(join(import.meta.dirname, '../../config', name), 'utf8');
    writeFileSync(join(dir, 'default.yaml'), file('default.yaml'));
    const decided = file('live.yaml')
      .replace('live_acknowledgement: null', `live_acknowledgement: ${LIVE_ACKNOWLEDGEMENT}`)
      .replace('alarm_email: null', 'alarm_email: ada@example.com')
      .replace(/0x0{40}/, `0x${'1'.repeat(40)}`)
      .replace(
        'limits: {}',
        `limits:\n  ${LIMITS.map((limit) => limit.replace('limits.', '').replace('=', ': ')).join('\n  ')}`,
      );
    writeFileSync(join(dir, 'live.yaml'), decided);

    const config = loadStage('live', [], dir);

    expect(config.aws.region).toBe('ap-northeast-1');
    expect(config.limits.max_daily_loss).toBe(10);
    rmSync(dir, { recursive: true });
  });

  it('live takes no limit from the command line: the file is what is reviewed', () => {
    const decided = [
      `exchanges.hyperliquid.live_acknowledgement=${LIVE_ACKNOWLEDGEMENT}`,
      'exchanges.hyperliquid.accounts=[{name: main, address: "0x1111111111111111111111111111111111111111", agent_key_secret: a.b}]',
      'aws.alarm_email=ada@example.com',
    ];
    expect(problemsOf('live', [...decided, ...LIMITS])).toHaveLength(LIMITS.length);
  });

  it('is refused without its own file, and when the file is that of another stage', () => {
    expect(problemsOf('nowhere')[0]).toContain('expected a stage that has a file');
    expect(problemsOf('dev', ['stage=other'])).toEqual(["stage: expected dev, the name of the stage's own file"]);
  });

  it.each([
    ['an unknown region', 'aws.region=xx-north-1', 'aws.region: expected a region where'],
    ['a region without the Data API', 'aws.region=eu-central-2', 'aws.region: expected a region where'],
    ['no region', 'aws.region=', 'aws.region: expected string'],
    ['a word for a region', 'aws.region=tokyo', 'aws.region: expected a region such as'],
    ['a venue without an address', 'exchanges.hyperliquid.http_url=null', 'exchanges.hyperliquid.http_url'],
    ['a cadence that no schedule can keep', 'cadences.janitor=7', 'cadences.janitor: expected 5 or more'],
    ['a cadence between minutes', 'cadences.balance=90', 'cadences.balance: expected 5 or more'],
    [
      'a batch without a window',
      'streams.consumers.price_consumer.window_s=0',
      'streams.consumers.price_consumer.window_s',
    ],
    ['a queue shorter than its function', 'queues.orders.visibility_s=10', 'queues.orders.visibility_s'],
    ['one invocation at a time by mapping', 'queues.orders.concurrency=1', 'queues.orders.concurrency'],
    ['a ceiling below the floor', 'aws.database.min_acu=4', 'aws.database.max_acu'],
    ['a task that Fargate does not sell', 'aws.producer.memory_mib=8192', 'aws.producer.memory_mib'],
  ])('is refused with %s', (_, override, expected) => {
    const problems = problemsOf('dev', [override]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  it('names all of its problems at once, those of AWS beside those that hold everywhere', () => {
    const problems = problemsOf('dev', [
      'aws.region=xx-north-1',
      'cadences.balance=90',
      'quorum.max_age_s=10',
      'limits.max_order_notional=-1',
    ]);
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'aws.region',
      'cadences.balance',
      'limits.max_order_notional',
      'quorum.max_age_s',
    ]);
  });

  it('with a name that no ARN has room for is refused', () => {
    const config = { ...loadStage('dev'), stage: 'a-stage-of-16-ch' };
    const problems = stageChecks('a-stage-of-16-ch').flatMap((rule) => rule.check(config, () => null));
    expect(problems.map((problem) => problem.path)).toEqual(['stage']);
  });

  it('with Binance is refused in the United States and nowhere else', () => {
    const config = loadStage('dev');
    const withBinance = (region: string) =>
      ({
        ...config,
        exchanges: { binance: { ...config.exchanges.hyperliquid, venue: 'binance-usdm' } },
        aws: { ...config.aws, region },
      }) as unknown as Config;
    const problems = (region: string) =>
      stageChecks('dev').flatMap((rule) => rule.check(withBinance(region), () => null));
    expect(problems('us-east-1').map((problem) => problem.path)).toEqual(['aws.region']);
    expect(problems('ap-northeast-1')).toEqual([]);
  });
});

describe('cadenceFits', () => {
  it.each([5, 10, 15, 20, 30, 60, 120, 900])('takes %d s', (seconds) => expect(cadenceFits(seconds)).toBe(true));
  it.each([1, 4, 7, 25, 45, 61, 90])('refuses %d s', (seconds) => expect(cadenceFits(seconds)).toBe(false));
});
