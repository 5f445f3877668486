import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';

/** Expected ways of failing, as a sentence for whoever deploys. What was done stays done; running it again goes on from there. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
}

/** The world of a deployment. */
export interface DeploymentDeps {
  /** True when this stage was deployed before. */
  readonly exists: () => Promise<boolean>;
  /** True while the stacks start nothing: an earlier deployment closed them, or the stage is parked. */
  readonly entriesClosed: () => Promise<boolean>;
  /** `GET /api/status`. Rejects while the database wakes up. */
  readonly status: () => Promise<PlatformSnapshot>;
  readonly lock: (reason: string) => Promise<void>;
  /** Leaves LOCKED for RECONCILING, unless somebody changed the state since `expectedVersion`. */
  readonly unlock: (reason: string, expectedVersion: number) => Promise<void>;
  /** Both stacks, with schedules, mappings and producer on or off. */
  readonly deployStacks: (entries: 'open' | 'closed') => Promise<void>;
  /** Rejects when a migration failed. */
  readonly migrate: () => Promise<unknown>;
  /** The platform's start (bootstrap-system.ts): without it a new stage has no state, and nobody notices whose database this is. */
  readonly start: () => Promise<unknown>;
  /** Why alarms reach nobody, and what to do; null when they do. */
  readonly alarmAdvice: () => Promise<string | null>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
}

export interface DeploymentLimits {
  /** A paused database takes 15 s, and half a minute after a day. */
  readonly wakeMs: number;
  /** From the last order to its certain end. */
  readonly settleMs: number;
  /** From RECONCILING back to HEALTHY. */
  readonly restoreMs: number;
  readonly pollMs: number;
}
export const DEPLOYMENT_LIMITS: DeploymentLimits = {
  wakeMs: 120_000,
  settleMs: 600_000,
  restoreMs: 300_000,
  pollMs: 5_000,
};

export interface DeploymentFacts {
  /** State before the entries were closed; null for a first deployment. */
  readonly prior: string | null;
  readonly resumed: boolean;
  readonly now: string | null;
}

/** Stands in the reason of our own lock, so that a deployment that was cut off finds what it has to restore. */
const MARK = /^deployment, entries closed; before: ([A-Z]+)$/;
const reasonOf = (prior: string): string => `deployment, entries closed; before: ${prior}`;

/**
 * Entries off, no order in doubt, new stacks that start nothing, schema, the platform's start, stacks that run, RECONCILING, the state of before. A
 * stage that a human locked stays locked. Everything may be cut off anywhere and run again.
 */
export async function deploy(
  deps: DeploymentDeps,
  options: {
    readonly parked: boolean;
    /** Real money: it stays close-only until somebody hears its alarms. */
    readonly alarmsMustArrive: boolean;
    readonly limits?: DeploymentLimits;
  },
): Promise<DeploymentFacts> {
  const { say } = deps;
  const limits = options.limits ?? DEPLOYMENT_LIMITS;
  const before = (await deps.exists()) ? await closeEntries(deps, limits) : null;
  if (before === null) say('first deployment of this stage: there is nothing to close');
  say('deploying the stacks with schedules, mappings and producer off');
  await deps.deployStacks('closed');
  say('migrating the schema');
  await deps.migrate();
  if (options.parked) {
    say('parked: data and secrets are kept, nothing runs; deploy without aws.parked to go on');
    return { prior: before?.prior ?? null, resumed: before?.resumed ?? false, now: before?.prior ?? null };
  }
  say('starting: a copied database, or one of another kind of venue, becomes LOCKED before anything runs on it');
  await deps.start();
  say('deploying the stacks with schedules, mappings and producer on');
  await deps.deployStacks('open');
  await heard(deps, options.alarmsMustArrive);
  const now = before === null ? null : await restore(deps, limits);
  return { prior: before?.prior ?? null, resumed: before?.resumed ?? false, now };
}

interface Before {
  readonly prior: string;
  readonly resumed: boolean;
}

async function closeEntries(deps: DeploymentDeps, limits: DeploymentLimits): Promise<Before> {
  const snapshot = await deps.status().catch(() => null);
  if (snapshot === null && (await deps.entriesClosed())) {
    // Cut off between its stacks and its schema: nothing runs that could have left an order in doubt.
    deps.say('going on with a deployment that was cut off before its schema was there');
    return { prior: 'UNKNOWN', resumed: true };
  }
  const { system } = snapshot ?? (await awake(deps, limits));
  const marked = system?.state === 'LOCKED' ? MARK.exec(system.reason) : null;
  const prior = marked?.[1] ?? system?.state ?? 'ABSENT';
  if (marked) deps.say(`going on with a deployment that was cut off; the state before it was ${prior}`);
  // Nothing opens from these; and an unlock would approve what no human approved.
  else if (!system?.approved || system.state === 'LOCKED') deps.say(`state is ${prior}: nothing opens positions`);
  else {
    deps.say(`closing entries: state ${prior} becomes LOCKED (close-only), exits stay possible`);
    await deps.lock(reasonOf(prior));
  }
  await settled(deps, limits);
  return { prior, resumed: marked !== null };
}

/** Asks until the database answers. */
async function awake(deps: DeploymentDeps, limits: DeploymentLimits): Promise<PlatformSnapshot> {
  const untilMs = deps.nowMs() + limits.wakeMs;
  for (;;) {
    try {
      return await deps.status();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (deps.nowMs() + limits.pollMs > untilMs) throw new DeploymentError(`the stage does not answer: ${why}`);
      deps.say(`waiting for the database to wake up: ${why}`);
      await deps.sleep(limits.pollMs);
    }
  }
}

/** No order whose fate is unknown, and none that waits to be sent: the new release must not inherit a doubt. */
async function settled(deps: DeploymentDeps, limits: DeploymentLimits): Promise<void> {
  const untilMs = deps.nowMs() + limits.settleMs;
  for (;;) {
    const { counts, orders } = await awake(deps, limits);
    // Whose sender died: nobody has called it unknown yet, and after its expiry its outbox row is gone.
    const sending = orders.filter((order) => order.status === 'sending').length;
    const [doubtful, { pendingOutbox }] = [counts.unknownOrders + sending, counts];
    if (doubtful === 0 && pendingOutbox === 0) return;
    const what = `${doubtful} orders of unknown fate, ${pendingOutbox} not sent yet`;
    if (deps.nowMs() + limits.pollMs > untilMs) {
      throw new DeploymentError(
        `${what} after ${limits.settleMs / 1000} s: see docs/RUNBOOK.md#order-unresolved, then deploy again. Entries stay closed.`,
      );
    }
    deps.say(`waiting: ${what}`);
    await deps.sleep(limits.pollMs);
  }
}

/** After everything runs, so that exits do while a human looks for the mail. */
async function heard(deps: DeploymentDeps, alarmsMustArrive: boolean): Promise<void> {
  // Who may deploy but not look is told so: an error of AWS's here would leave the stage closed without a word about it.
  const advice = await deps
    .alarmAdvice()
    .catch((error: unknown) => `nobody can say whether alarms reach somebody: ${String(error)}`);
  if (advice === null) return;
  if (!alarmsMustArrive) return deps.say(advice);
  throw new DeploymentError(
    `${advice}. Everything is deployed and runs; what was locked for it stays LOCKED (close-only) until you deploy again.`,
  );
}

async function restore(deps: DeploymentDeps, limits: DeploymentLimits): Promise<string | null> {
  const { system } = await awake(deps, limits);
  const prior = system?.state === 'LOCKED' ? MARK.exec(system.reason)?.[1] : undefined;
  if (!system || prior === undefined) {
    deps.say(`state is ${system?.state ?? 'absent'} and not ours to change: it stays`);
    return system?.state ?? null;
  }
  await deps.unlock(`deployment done; before: ${prior}`, system.version);
  deps.say('state is RECONCILING: nothing is opened until orders, balances and observers are fresh');
  const untilMs = deps.nowMs() + limits.restoreMs;
  for (;;) {
    const now = (await awake(deps, limits)).system;
    if (now?.state !== 'RECONCILING') {
      deps.say(`state is ${now?.state ?? 'absent'}; before the deployment it was ${prior}`);
      return now?.state ?? null;
    }
    if (prior === 'RECONCILING' || deps.nowMs() + limits.pollMs > untilMs) {
      const missing = now.missing.map((gap) => gap.code).join(', ') || 'nothing';
      deps.say(`state is still RECONCILING, missing: ${missing} (docs/RUNBOOK.md#it-stays-in-reconciling)`);
      return now.state;
    }
    await deps.sleep(limits.pollMs);
  }
}
