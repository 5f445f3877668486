import { OWN_TABLE } from '#shared/core/reconciliation/cycle-settings.ts';
import { settingsOf } from '#shared/messages/cycle-environment.ts';
import { type ManualOrderReply, manualOrderAnswer } from '#shared/messages/manual-order.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import { type SubmitManualOrderDeps, submitManualOrder } from '#shared/usecases/submit-manual-order.ts';
import type { ApiDeps, ManualOrderRequest } from './deps.ts';
import type { ManualOrdersEnv } from './env.ts';
import { rememberRefusals } from './remember-refusals.ts';

export interface ManualOrdersDeps extends Omit<SubmitManualOrderDeps, 'refusedRequests'> {
  readonly installation: Pick<InstallationRepository, 'tag'>;
  readonly telemetry: Telemetry;
}

/** `ApiDeps.submitManualOrder` over the use case: orders by hand obey the cycle's settings; the outcome as HTTP status and body. */
export function manualOrders(deps: ManualOrdersDeps, env: ManualOrdersEnv): ApiDeps['submitManualOrder'] {
  const settings = settingsOf(env);
  const refusedRequests = rememberRefusals();
  return async (request) => {
    const { idempotencyKey, body, correlationId } = request;
    const installationTag = await deps.installation.tag();
    if (installationTag === null) throw new Error('the database has no installation tag yet');
    const outcome = await submitManualOrder(
      { ...deps, refusedRequests },
      {
        exchange: env.EXCHANGE,
        account: env.ACCOUNT,
        address: env.ADDRESS,
        installationTag,
        useOwnTable: env.QUORUM.sources.includes(OWN_TABLE),
        settings,
        waitMs: env.RECONCILIATION_ENGINE.order_timeout * 1000,
        idempotencyKey,
        body,
        correlationId,
      },
    );
    const answer = manualOrderAnswer(outcome);
    if (answer.body.status === 'refused') reportRefused(deps.telemetry, env.EXCHANGE, request, answer.body);
    return answer;
  };
}

const SAMPLE_LENGTH = 300;

/** The only trace of it: what never became an order has no row. */
function reportRefused(
  telemetry: Telemetry,
  exchange: string,
  { idempotencyKey, body, correlationId }: ManualOrderRequest,
  { code, message }: ManualOrderReply,
): void {
  telemetry.count(metrics.refusals, 1, { exchange, code: `hand:${code}` });
  const sample = JSON.stringify(body)?.slice(0, SAMPLE_LENGTH) ?? '';
  telemetry.log('warn', logEvents.orderRefused, { exchange, code, message, idempotencyKey, sample, correlationId });
}
