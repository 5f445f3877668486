import type { SQSBatchResponse } from 'aws-lambda';
import { parseJobEvent } from '#shared/messages/job-event.ts';
import { countDrop } from '#shared/telemetry/count-drop.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { reportMalformed } from '#shared/telemetry/report-malformed.ts';
import { type ObserveAccountFacts, observeAccount } from '#shared/usecases/observe-account.ts';
import type { ObserverDeps } from './deps.ts';
import type { ObserverEnv } from './env.ts';

/**
 * A schedule, or an SQS batch → one document. An observer that could read nothing fails its invocation, so that the schedule's
 * retry and the alarm on errors see it; the published document only ages.
 */
export function createHandler(deps: ObserverDeps, env: ObserverEnv) {
  const { OBSERVER_ID: observerId, EXCHANGE: exchange, WALLET_ADDRESSES: addresses } = env;
  const { telemetry } = deps;

  function report(facts: ObserveAccountFacts): void {
    if (facts.unreadable !== null) {
      const dropped = countDrop(telemetry, 'observer-document', 'unreadable');
      telemetry.log('warn', logEvents.inputDropped, { ...dropped, observerId, error: facts.unreadable });
    }
    for (const { address, kind, complete, error } of facts.addresses) {
      if ((kind === 'observed' || kind === 'kept') && complete) continue;
      const code = kind === 'failed' ? 'not-read' : kind === 'from-the-future' ? kind : 'incomplete';
      countDrop(telemetry, 'account-view', code);
      telemetry.log('warn', logEvents.inputDropped, { what: 'account-view', code, observerId, address, error });
    }
  }

  return async (event: unknown): Promise<SQSBatchResponse> => {
    const records = parseJobEvent(event);
    const malformed = reportMalformed(telemetry, records);
    if (malformed.some((r) => r.messageId === null)) throw new TypeError('not a job');
    if (malformed.length < records.length) {
      const facts = await observeAccount(deps, { observerId, exchange, addresses });
      report(facts);
      if (facts.addresses.every((a) => a.kind === 'failed')) {
        throw new Error(`observer ${observerId} could not read any account: ${facts.addresses[0]?.error ?? ''}`);
      }
    }
    return {
      batchItemFailures: malformed.flatMap((r) => (r.messageId === null ? [] : [{ itemIdentifier: r.messageId }])),
    };
  };
}
