import { OWN_TABLE } from '#shared/core/reconciliation/cycle-settings.ts';
import { settingsOf } from '#shared/messages/cycle-environment.ts';
import { manualOrderAnswer } from '#shared/messages/manual-order.ts';
import type { InstallationRepository } from '#shared/ports/repositories/installation-repository.ts';
import { type SubmitManualOrderDeps, submitManualOrder } from '#shared/usecases/submit-manual-order.ts';
import type { ApiDeps } from './deps.ts';
import type { ManualOrdersEnv } from './env.ts';
import { rememberRefusals } from './remember-refusals.ts';

export interface ManualOrdersDeps extends Omit<SubmitManualOrderDeps, 'refusedRequests'> {
  readonly installation: Pick<InstallationRepository, 'tag'>;
}

/** `ApiDeps.submitManualOrder` over the use case: orders by hand obey the cycle's settings; the outcome as HTTP status and body. */
export function manualOrders(deps: ManualOrdersDeps, env: ManualOrdersEnv): ApiDeps['submitManualOrder'] {
  const settings = settingsOf(env);
  const refusedRequests = rememberRefusals();
  return async ({ idempotencyKey, body, correlationId }) => {
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
    return manualOrderAnswer(outcome);
  };
}
