import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import type { AccountEvent } from '#shared/messages/account-event.ts';
import { RECONCILIATION_JOB, runRequest } from '#shared/messages/reconciliation-messages.ts';
import { countDrop } from '#shared/telemetry/count-drop.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { checkTakeProfit } from '#shared/usecases/check-take-profit.ts';
import type { BalanceConsumerDeps } from './deps.ts';
import type { BalanceConsumerEnv } from './env.ts';
import { readEvents } from './read-events.ts';

/**
 * Kinesis `account` → take profit and drawdown → a reconciliation of everything when one of them hit. The verdict comes from the
 * stored balances, so a repeated or lost event changes nothing.
 */
export function createHandler(deps: BalanceConsumerDeps, env: BalanceConsumerEnv) {
  const { telemetry } = deps;

  async function check({ exchange, account, venueTimeMs, trace }: AccountEvent): Promise<void> {
    const facts = await checkTakeProfit(deps, { exchange, account, settings: env.TAKE_PROFIT });
    const { verdict, change, height, stoppedRuns, state } = facts;
    if (change !== null) telemetry.gauge(metrics.changeFraction, change, { exchange, account });
    // A retry after a crash finds the latch, not the hit: the request is sent for as long as the latch is this balance's.
    const hit = verdict === 'take-profit' || verdict === 'drawdown' || state.latchedAtMs === venueTimeMs;
    if (!hit || state.latched === null) return;
    await deps.runRequests.send([
      {
        body: JSON.stringify(runRequest(RECONCILIATION_JOB, exchange, null, state.latched, trace)),
        groupId: `${RECONCILIATION_JOB}:${exchange}`,
        deduplicationId: `${state.latched}:${exchange}:${account}:${state.latchedAtMs}`,
      },
    ]);
    await deps.alerts.raise({
      id: `${state.latched}:${exchange}:${account}`,
      kind: state.latched,
      severity: 'critical',
      exchange,
      symbol: null,
      message: `${state.latched} hit: all runs stop and every position is closed`,
      detail: { account, change, height, stoppedRuns },
    });
  }

  return async (batch: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> => {
    const { newest, poison } = readEvents(batch);
    const failed: string[] = [];
    for (const { sequenceNumber, event } of newest) {
      try {
        await check(event);
      } catch (error) {
        telemetry.log('error', logEvents.functionFailed, { function: 'balance-consumer', error: String(error) });
        failed.push(sequenceNumber);
      }
    }
    for (const { sequenceNumber, error, sample } of poison) {
      countDrop(telemetry, 'account-event', 'malformed');
      telemetry.log('error', logEvents.inputDropped, { what: 'account-event', code: 'malformed', error, sample });
      failed.push(sequenceNumber);
    }
    // The lowest failed sequence number is where the stream begins again; they have up to 56 digits.
    const lowest = failed.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)).slice(0, 1);
    return { batchItemFailures: lowest.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}
