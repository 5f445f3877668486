import type { AlarmKind, CycleDecision } from '#shared/core/reconciliation/cycle-decision.ts';
import { SECOND_MS, slotOf } from '#shared/core/time.ts';
import {
  cancelCommands,
  RECONCILIATION_JOB,
  runRequest,
  SOURCE_JOBS,
} from '#shared/messages/reconciliation-messages.ts';
import type { Trace } from '#shared/messages/trace.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';

export interface FollowUpCycleDeps {
  /** FIFO queue `orders`, for cancels. */
  readonly orders: WorkQueue;
  /** Queue of run-requests; FIFO or standard. */
  readonly runRequests: WorkQueue;
  /** Standard queue of run-requests: FIFO queues cannot delay one message. */
  readonly delayedRequests: WorkQueue;
  readonly alerts: Alerts;
}

export interface FollowUpCycleInput {
  readonly exchange: string;
  readonly account: string;
  readonly cycleId: string;
  readonly decisions: readonly CycleDecision[];
  readonly nowMs: number;
  readonly orderTtlMs: number;
  /** Longest wait before sources that were too old are asked again; beyond it the schedule is soon enough. */
  readonly retryDelaySecondsMax: number;
  /** Set when this cycle is itself such a repeat. */
  readonly repeatOf: number | null;
  readonly trace: Trace;
}

export interface FollowUpCycleFacts {
  readonly cancels: number;
  /** Symbols for which fresh sources were asked for, and the wait before they are planned again; null: no repeat was asked for. */
  readonly refreshed: readonly string[];
  readonly retryAfterSeconds: number | null;
  readonly alarms: readonly AlarmKind[];
}

/** The reason of a cycle that repeats one whose sources were too old. */
export const SOURCES_RETRY = 'sources were read again';
const SYMBOLS_IN_ALARM_MAX = 20;
const SEVERITY: Readonly<Record<AlarmKind, 'warning' | 'critical'>> = {
  'exit-not-filling': 'critical',
  'sources-dissent': 'critical',
  'unmanaged-position': 'warning',
  'strategy-stale': 'warning',
};

/** What a stored cycle asks of others: cancels, fresh sources and another look, alarms. At most one message or alarm per kind. */
export async function followUpCycle(deps: FollowUpCycleDeps, input: FollowUpCycleInput): Promise<FollowUpCycleFacts> {
  const cancels = await sendCancels(deps, input);
  const waiting = input.decisions.filter((d) => d.wantsFreshSources);
  const retryAfterSeconds = waiting.length === 0 ? null : await askAgain(deps, input, waiting);
  const alarms = await raiseAlarms(deps, input);
  return { cancels, refreshed: waiting.map((d) => d.symbol), retryAfterSeconds, alarms };
}

async function sendCancels(deps: FollowUpCycleDeps, input: FollowUpCycleInput): Promise<number> {
  const { exchange, account, cycleId, trace } = input;
  const expiresAtMs = input.nowMs + input.orderTtlMs;
  const commands = cancelCommands(input.decisions, { exchange, account, expiresAtMs, trace });
  if (commands.length === 0) return 0;
  await deps.orders.send(
    commands.map((command) => ({
      body: JSON.stringify(command),
      groupId: `${exchange}:${account}`,
      deduplicationId: `${cycleId}:${command.clientOrderId}`,
    })),
  );
  return commands.length;
}

/**
 * Reads all sources now, and plans these symbols again after 2, 4, 8 … seconds. Only a new episode starts such a chain, so
 * that a thousand triggers during one outage do not start a thousand of them.
 */
async function askAgain(
  deps: FollowUpCycleDeps,
  input: FollowUpCycleInput,
  waiting: readonly CycleDecision[],
): Promise<number | null> {
  const { exchange, trace, repeatOf } = input;
  const attempt = (repeatOf ?? 0) + 1;
  const delaySeconds = 2 ** attempt;
  const starts = repeatOf !== null || waiting.some((d) => !d.repeats);
  const goesOn = starts && delaySeconds <= input.retryDelaySecondsMax;
  await deps.runRequests.send(
    SOURCE_JOBS.map((job) => ({
      body: JSON.stringify(runRequest(job, exchange, null, 'a source of the position is too old', trace)),
      groupId: `${job}:${exchange}`,
      deduplicationId: `${job}:${exchange}:${slotOf(input.nowMs, SECOND_MS)}`,
    })),
  );
  if (!goesOn) return null;
  const symbols = waiting.map((d) => d.symbol);
  const again = runRequest(RECONCILIATION_JOB, exchange, symbols, SOURCES_RETRY, trace, attempt);
  await deps.delayedRequests.send([{ body: JSON.stringify(again), delaySeconds }]);
  return delaySeconds;
}

async function raiseAlarms(deps: FollowUpCycleDeps, input: FollowUpCycleInput): Promise<readonly AlarmKind[]> {
  const byKind = Map.groupBy(
    input.decisions.filter((d) => d.alarm !== null),
    (d) => d.alarm as AlarmKind,
  );
  for (const [kind, decisions] of byKind) {
    const symbols = decisions.slice(0, SYMBOLS_IN_ALARM_MAX).map((d) => d.symbol);
    await deps.alerts.raise({
      id: `${kind}:${input.exchange}:${input.account}`,
      kind,
      severity: SEVERITY[kind],
      exchange: input.exchange,
      symbol: decisions.length === 1 ? (symbols[0] ?? null) : null,
      message: `${decisions[0]?.message ?? kind} (${symbols.join(', ')})`,
      detail: {
        count: decisions.length,
        symbols,
        decisionIds: decisions.slice(0, SYMBOLS_IN_ALARM_MAX).map((d) => d.id),
      },
    });
  }
  return [...byKind.keys()];
}
