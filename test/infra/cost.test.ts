import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processIo } from '#cli/cli-io.ts';
import { runCli } from '#cli/program.ts';
import { monthlyCost } from '#infra/cost/monthly-cost.ts';
import { readPrices } from '#infra/cost/price-list.ts';
import { monthOf, stageCost } from '#infra/cost/stage-cost.ts';
import type { Usage } from '#infra/cost/usage.ts';

const DEFAULT_STAGE_USD_MAX = 95;
const PARKED_USD_MAX = 20;

describe('the cost of stage dev', () => {
  const cost = stageCost('dev');
  const lineOf = (item: string) => cost.now.lines.find((line) => line.item === item)?.usd;

  it(`stays below ${DEFAULT_STAGE_USD_MAX} USD a month, and parked below ${PARKED_USD_MAX}`, () => {
    expect(cost.now.usd).toBeLessThanOrEqual(DEFAULT_STAGE_USD_MAX);
    expect(cost.parkedUsd).toBeLessThanOrEqual(PARKED_USD_MAX);
    expect(cost.parkedUsd).toBeGreaterThan(2);
  });

  // By hand, from the price pages of us-east-1: the arithmetic here is not the program's.
  it('has the lines that a human gets with pencil and paper', () => {
    // Half a capacity unit at 0.12 USD an hour.
    expect(lineOf('Aurora, capacity')).toBeCloseTo(0.5 * 0.12 * 730, 6);
    // Two streams of one shard at 1.5 cents an hour: 10.95 each.
    expect(lineOf('Kinesis, shards')).toBeCloseTo(10.95 * 2, 6);
    // A quarter of a virtual CPU at 3.238 cents.
    expect(lineOf('Fargate, CPU')).toBeCloseTo(5.90935, 5);
    // Four secrets at 40 cents: on paper nobody has a trading key.
    expect(lineOf('Secrets')).toBeCloseTo(1.6, 6);
    // 4 FIFO queues, a poll every four seconds: 4 × 657,000 polls at half a dollar a million.
    expect(lineOf('SQS, FIFO')).toBeCloseTo(1.314, 3);
  });

  it('is the sum of its lines, each with its source', () => {
    expect(cost.now.usd).toBeCloseTo(
      cost.now.lines.reduce((sum, line) => sum + line.usd, 0),
      9,
    );
    for (const line of cost.now.lines) expect(line.source).not.toBe('');
  });

  it('shows what one fixed address for orders would add: gateway, address and traffic', () => {
    expect(cost.withoutStaticEgressUsd).toBe(cost.now.usd);
    expect(cost.withStaticEgressUsd - cost.withoutStaticEgressUsd).toBeCloseTo(730 * 0.045 + 730 * 0.005 + 0.045, 6);
  });

  it('follows the settings: twice the shards, twice the line', () => {
    const doubled = monthOf('dev', ['aws.shards=2']).cost.lines.find((line) => line.item === 'Kinesis, shards')!;
    expect(doubled.usd).toBeCloseTo(2 * lineOf('Kinesis, shards')!, 6);
    const slower = monthOf('dev', ['cadences.janitor=60']).cost.lines.find((line) => line.item === 'Data API')!;
    // 43,800 runs less, of 10 calls and one that claims the slot.
    expect(lineOf('Data API')! - slower.usd).toBeCloseTo((43_800 * 11 * 0.35) / 1e6, 6);
  });
});

describe('3t cost', () => {
  const run = async (...args: string[]) => {
    const out: string[] = [];
    const err: string[] = [];
    const io = {
      ...processIo({}),
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
    };
    return { exit: await runCli(['cost', ...args], io), out: out.join('\n'), err: err.join('\n') };
  };

  it('prints the table with its assumptions, and JSON when asked', async () => {
    const table = await run('--stage', 'dev');
    expect(table.exit).toBe(0);
    expect(table.out).toMatch(/Aurora, capacity +43\.80/);
    expect(table.out).toContain('with one fixed address for orders');
    expect(table.out).toContain('idlePollsPerSecond = 0.25');

    const value = JSON.parse((await run('--stage', 'dev', '--json')).out) as { now: { usd: number; lines: unknown[] } };
    expect(value.now.usd).toBeLessThanOrEqual(DEFAULT_STAGE_USD_MAX);
    expect(value.now.lines.length).toBeGreaterThan(10);
  });

  it('ends with 1 and every problem for a stage that cannot be deployed', async () => {
    const refused = await run('--stage', 'live');
    expect(refused.exit).toBe(1);
    expect(refused.err).toContain('live_acknowledgement');
    expect(refused.err).toContain('limits.max_daily_loss');
  });
});

describe('prices', () => {
  it('exist for the regions that the stages of this project name, dated and with a source each', () => {
    const files = readdirSync(join(import.meta.dirname, '../../config')).filter((name) =>
      /^prices\..*\.json$/.test(name),
    );
    const regions = files.map((name) => name.split('.')[1]!);
    expect(regions.sort()).toEqual(['ap-northeast-1', 'us-east-1']);
    for (const region of regions) expect(readPrices(region).region).toBe(region);
  });

  it('are never guessed', () => {
    expect(() => readPrices('eu-west-1')).toThrow(/no config\/prices.eu-west-1.json/);
    expect(() => readPrices('../etc')).toThrow(/unknown region/);
  });

  it('of nothing are nothing', () => {
    const nothing: Usage = {
      minAcu: 0,
      shards: 0,
      task: null,
      secrets: 0,
      alarmMetrics: 0,
      dashboards: 0,
      standardQueueMappings: 0,
      fifoQueueMappings: 0,
      scheduleInvocations: 0,
      natGateways: 0,
      customMetrics: 0,
      marketRecords: 0,
      accountRecords: 0,
      messages: 0,
      functions: [],
    };
    const { lines } = monthlyCost(nothing, readPrices('us-east-1'));
    expect(lines.map((line) => line.item)).toEqual(['Aurora, storage']);
  });
});
