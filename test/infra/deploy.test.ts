import {
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { awsStage } from '#infra/deploy/aws-stage.ts';
import { type DeploymentDeps, DeploymentError, type DeploymentLimits, deploy } from '#infra/deploy/deployment.ts';
import { underLease } from '#infra/deploy/deployment-lease.ts';
import { JANITOR_START_JOB, scheduledJobSchema } from '#shared/messages/scheduled-job.ts';

const LIMITS: DeploymentLimits = { wakeMs: 20_000, settleMs: 30_000, restoreMs: 30_000, pollMs: 5_000 };
const lambda = mockClient(LambdaClient);

/** A deployed stage behind the mocked SDK: its state machine, as far as a deployment moves it, and a record of what happened. */
class Stage {
  deployed = true;
  closed = false;
  hasSchema = true;
  state = 'HEALTHY';
  lockMode: string | null = null;
  reason = 'all is well';
  approved = true;
  version = 7;
  unknownOrders: readonly number[] = [0];
  sendingOrders = 0;
  isCopy = false;
  startError = '';
  /** Calls to the API that fail first, as with a database that sleeps. */
  asleep = 0;
  migration: { readonly error?: string } = {};
  /** Why its alarms reach nobody; an error is AWS's own. */
  advice: string | Error | null = null;
  readonly said: string[] = [];
  readonly happened: string[] = [];
  cutOffAt: string | null = null;
  nowMs = 0;

  constructor() {
    lambda.reset();
    lambda
      .on(ListEventSourceMappingsCommand)
      .callsFake(async () => ({ EventSourceMappings: [{ State: this.closed ? 'Disabled' : 'Enabled' }] }));
    lambda.on(InvokeCommand).callsFake(async (input: { FunctionName: string; Payload: string }) => this.#invoke(input));
  }

  deps({ dryRun = false }: { readonly dryRun?: boolean } = {}): DeploymentDeps {
    const stage = awsStage({
      client: new LambdaClient({}),
      options: { stage: 'dev', config: ['aws.shards=1'], entries: 'open', dryRun },
      exchange: 'hyperliquid',
      by: 'deploy:test',
      run: async (command, args) =>
        this.#step(`${command} ${args[0]}${args.includes('entries=closed') ? ' closed' : ' open'}`),
      say: () => {},
    });
    return {
      ...stage,
      alarmAdvice: async () => {
        if (this.advice instanceof Error) throw this.advice;
        return this.advice;
      },
      sleep: async (ms) => {
        this.nowMs += ms;
      },
      nowMs: () => this.nowMs,
      say: (line) => this.said.push(line),
    };
  }

  #step(what: string): void {
    if (this.cutOffAt === what) {
      this.cutOffAt = null;
      throw new DeploymentError('cut off');
    }
    this.happened.push(what);
    if (what.startsWith('cdk deploy')) {
      this.deployed = true;
      this.closed = what.endsWith('closed');
    }
  }

  #invoke({ FunctionName, Payload }: { FunctionName: string; Payload: string }): unknown {
    if (!this.deployed) throw new ResourceNotFoundException({ $metadata: {}, message: 'no such function' });
    if (FunctionName === '3t-dev-janitor') {
      expect(scheduledJobSchema.parse(JSON.parse(Payload)).job).toBe(JANITOR_START_JOB);
      this.#step('start');
      if (this.isCopy) this.#become('LOCKED', 'the database is a copy', 'freeze');
      return this.startError ? { FunctionError: 'Unhandled', Payload: Buffer.from(this.startError) } : {};
    }
    if (FunctionName === '3t-dev-migrate') {
      this.#step('migrate');
      const { error } = this.migration;
      if (!error) this.hasSchema = true;
      return error
        ? { FunctionError: 'Unhandled', Payload: Buffer.from(error) }
        : { Payload: Buffer.from('{"migrations":[]}') };
    }
    const event = JSON.parse(Payload) as { rawPath: string; body?: string };
    if (!this.hasSchema)
      return { Payload: Buffer.from(JSON.stringify({ statusCode: 503, body: '{"error":"no table"}' })) };
    if (this.asleep > 0 && event.rawPath !== '/health') {
      this.asleep -= 1;
      return { Payload: Buffer.from(JSON.stringify({ statusCode: 503, body: '{"error":"the database wakes up"}' })) };
    }
    const answer = this.#answer(event.rawPath, JSON.parse(event.body ?? '{}') as Record<string, unknown>);
    return { Payload: Buffer.from(JSON.stringify({ statusCode: 200, body: JSON.stringify(answer) })) };
  }

  #answer(path: string, body: Record<string, unknown>): unknown {
    if (path === '/api/lock') {
      this.happened.push(`lock ${body.mode as string}`);
      this.#become('LOCKED', body.reason as string, body.mode as string);
    } else if (path === '/api/unlock') {
      expect(body.expectedVersion).toBe(this.version);
      this.happened.push('unlock');
      this.#become('RECONCILING', body.reason as string, null);
    } else if (path === '/api/status') return this.#status();
    return {};
  }

  #become(state: string, reason: string, lockMode: string | null): void {
    Object.assign(this, { state, reason, lockMode });
    this.version += 1;
  }

  #status(): unknown {
    const { state, lockMode, reason, approved, version } = this;
    const [unknownOrders = 0, ...later] = this.unknownOrders;
    if (later.length > 0) this.unknownOrders = later;
    // The janitor promotes as soon as somebody looks twice.
    if (state === 'RECONCILING') this.#become('HEALTHY', 'nothing is missing', null);
    return {
      v: 1,
      nowMs: 1,
      exchange: 'hyperliquid',
      account: 'main',
      system: { state, lockMode, reason, changedBy: 'x', changedAtMs: 1, approved, version, missing: [] },
      money: null,
      symbols: [],
      foreignPositions: [],
      orders: Array.from({ length: this.sendingOrders }, () => A_SENDING_ORDER),
      takeProfit: null,
      counts: {
        workingOrders: 0,
        unknownOrders,
        pendingOutbox: 0,
        deadLetters: 0,
        alerts: 0,
        liveRuns: 0,
        openPositions: 0,
        holds: 0,
      },
      lastRefusal: null,
      jobs: [],
    };
  }
}

const A_SENDING_ORDER = {
  clientOrderId: '0x1',
  symbol: 'BTC/USDC:USDC',
  orderClass: 'reduce',
  side: 'sell',
  size: '1',
  limitPrice: '100',
  timeInForce: 'Ioc',
  reduceOnly: true,
  status: 'sending',
  filledSize: '0',
  averagePrice: null,
  errorCode: null,
  errorMessage: null,
  createdAtMs: 1,
  endedAtMs: null,
};

const ALL = ['lock close-only', 'cdk deploy closed', 'migrate', 'start', 'cdk deploy open', 'unlock'];

describe('a deployment', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = new Stage();
  });
  const run = (options: { parked?: boolean; dryRun?: boolean; live?: boolean } = {}) =>
    deploy(stage.deps(options), {
      parked: options.parked ?? false,
      alarmsMustArrive: options.live ?? false,
      limits: LIMITS,
    });

  it('closes entries, deploys, migrates, opens, and restores the state of before', async () => {
    const facts = await run();

    expect(stage.happened).toEqual(ALL);
    expect(facts).toEqual({ prior: 'HEALTHY', resumed: false, now: 'HEALTHY' });
  });

  it('waits until no order is in doubt before it changes anything', async () => {
    stage.unknownOrders = [2, 2, 1, 0];

    await run();

    expect(stage.nowMs).toBeGreaterThanOrEqual(10_000);
    expect(stage.happened).toEqual(ALL);
  });

  it('takes an order whose sender died for one in doubt', async () => {
    stage.sendingOrders = 1;

    await expect(run()).rejects.toThrow(/1 orders of unknown fate/);
    expect(stage.happened).toEqual(['lock close-only']);
  });

  it('gives up with the number of orders in doubt, leaves entries closed, and goes on when it is run again', async () => {
    stage.unknownOrders = [3];
    await expect(run()).rejects.toThrow(/3 orders of unknown fate.*Entries stay closed/s);
    expect(stage.happened).toEqual(['lock close-only']);
    expect(stage.state).toBe('LOCKED');

    stage.unknownOrders = [0];
    const facts = await run();

    expect(facts).toMatchObject({ prior: 'HEALTHY', resumed: true, now: 'HEALTHY' });
    expect(stage.happened).toEqual(ALL);
  });

  it.each(['cdk deploy closed', 'migrate', 'start', 'cdk deploy open'])(
    'cut off at "%s" goes on from there and restores',
    async (step) => {
      stage.cutOffAt = step;
      await expect(run()).rejects.toThrow();
      expect(stage.state).toBe('LOCKED');

      const facts = await run();

      expect(facts).toMatchObject({ prior: 'HEALTHY', resumed: true, now: 'HEALTHY' });
      expect(stage.happened.filter((what) => what.startsWith('lock'))).toHaveLength(1);
      expect(stage.happened.slice(-5)).toEqual(ALL.slice(1));
    },
  );

  it('opens nothing when a migration fails', async () => {
    stage.migration = { error: '{"errorMessage":"Duplicate column"}' };

    await expect(run()).rejects.toThrow(/migration failed: .*Duplicate column/);

    expect(stage.happened).toEqual(['lock close-only', 'cdk deploy closed', 'migrate']);
    expect(stage.state).toBe('LOCKED');
  });

  it('leaves a database locked that its start takes for a copy or for that of another kind of venue', async () => {
    stage.isCopy = true;

    const facts = await run();

    expect(stage.happened).not.toContain('unlock');
    expect([facts.now, stage.lockMode, stage.reason]).toEqual(['LOCKED', 'freeze', 'the database is a copy']);
  });

  it('opens nothing when the start fails', async () => {
    stage.startError = '{"errorMessage":"no bucket"}';

    await expect(run()).rejects.toThrow(/the start failed; entries stay closed: .*no bucket/);

    expect(stage.happened).not.toContain('cdk deploy open');
  });

  it('leaves a stage that a human locked locked, with the reason of the human', async () => {
    Object.assign(stage, { state: 'LOCKED', lockMode: 'freeze', reason: 'holidays' });

    const facts = await run();

    expect(stage.happened).toEqual(['cdk deploy closed', 'migrate', 'start', 'cdk deploy open']);
    expect(facts.now).toBe('LOCKED');
    expect(stage.reason).toBe('holidays');
  });

  it('never approves what no human approved: an unlock would', async () => {
    Object.assign(stage, { state: 'BOOTSTRAPPING', approved: false });

    await run();

    expect(stage.happened).toEqual(['cdk deploy closed', 'migrate', 'start', 'cdk deploy open']);
  });

  it('waits for a database that wakes up, but not for ever', async () => {
    stage.asleep = 3;
    await run();
    expect(stage.happened).toEqual(ALL);

    stage.asleep = 1000;
    await expect(run()).rejects.toThrow(/does not answer: .*503/);
  });

  it('of a new stage has nothing to close and nothing to restore', async () => {
    stage.deployed = false;

    const facts = await run();

    expect(stage.happened).toEqual(['cdk deploy closed', 'migrate', 'start', 'cdk deploy open']);
    expect(facts).toEqual({ prior: null, resumed: false, now: null });
  });

  it('of a new stage whose migration failed goes on when it is run again: there is no schema to ask', async () => {
    Object.assign(stage, { deployed: false, hasSchema: false, state: 'BOOTSTRAPPING', approved: false });
    stage.migration = { error: '{"errorMessage":"access denied"}' };
    await expect(run()).rejects.toThrow(/migration failed/);

    stage.migration = {};
    const facts = await run();

    expect(facts).toEqual({ prior: 'UNKNOWN', resumed: true, now: 'BOOTSTRAPPING' });
    expect(stage.happened.slice(-4)).toEqual(['cdk deploy closed', 'migrate', 'start', 'cdk deploy open']);
    expect(stage.nowMs).toBe(0);
  });

  it('does not go on past a database that is silent while entries are open', async () => {
    stage.hasSchema = false;

    await expect(run()).rejects.toThrow(/does not answer/);

    expect(stage.happened).toEqual([]);
  });

  it('that parks a stage stops after the schema, and the next one restores', async () => {
    await run({ parked: true });
    expect(stage.happened).toEqual(['lock close-only', 'cdk deploy closed', 'migrate']);
    expect(stage.state).toBe('LOCKED');

    const facts = await run();

    expect(facts).toMatchObject({ prior: 'HEALTHY', resumed: true, now: 'HEALTHY' });
  });

  it('of real money restores nothing until somebody hears its alarms, and does when it is run again', async () => {
    stage.advice = 'alarms are mailed to nobody: ada has not confirmed';
    await expect(run({ live: true })).rejects.toThrow(/ada has not confirmed.*stays LOCKED \(close-only\)/);
    expect(stage.happened).toEqual(ALL.slice(0, -1));
    expect(stage.state).toBe('LOCKED');

    stage.advice = null;
    expect(await run({ live: true })).toMatchObject({ prior: 'HEALTHY', resumed: true, now: 'HEALTHY' });
  });

  it('of play money says that nobody hears its alarms, and goes on', async () => {
    stage.advice = 'alarms are mailed to nobody: set aws.alarm_email';
    expect(await run()).toMatchObject({ now: 'HEALTHY' });
    expect(stage.said).toContain(stage.advice);
  });

  it('takes a look at the alarms that AWS refuses for one that found nobody', async () => {
    stage.advice = new Error('not authorized to perform: SNS:ListTopics');
    await expect(run({ live: true })).rejects.toThrow(/SNS:ListTopics.*stays LOCKED \(close-only\)/);
    await expect(run({ live: true })).rejects.toBeInstanceOf(DeploymentError);

    expect(await run()).toMatchObject({ prior: 'HEALTHY', resumed: true, now: 'HEALTHY' });
    expect(stage.said.join()).toContain('SNS:ListTopics');
  });

  it('goes no step further once another deployment has taken its lease', async () => {
    let steps = 0;
    const lease = {
      assertHeld: async () => {
        steps += 1;
        if (steps === 3) throw new DeploymentError('stage dev is being deployed by bob');
      },
    };

    await expect(
      deploy(underLease(stage.deps(), lease), { parked: false, alarmsMustArrive: false, limits: LIMITS }),
    ).rejects.toThrow('by bob');
    expect(stage.happened).toEqual(['lock close-only', 'cdk deploy closed']);
  });

  it('changes nothing with --dry-run and says what it would', async () => {
    await run({ dryRun: true });

    expect(stage.happened).toEqual(['cdk diff closed', 'cdk diff open']);
    expect(stage.state).toBe('HEALTHY');
  });

  it('says so when AWS refuses its credentials', async () => {
    lambda.reset();
    lambda.on(InvokeCommand).rejects(Object.assign(new Error('expired'), { name: 'ExpiredTokenException' }));

    await expect(run()).rejects.toThrow(/AWS refuses.*credentials/s);
  });
});
