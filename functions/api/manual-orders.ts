import { manualOrderAnswer } from '#shared/messages/manual-order.ts';
import {
  type SubmitManualOrderDeps,
  type SubmitManualOrderInput,
  submitManualOrder,
} from '#shared/usecases/submit-manual-order.ts';
import type { ApiDeps } from './deps.ts';

/** Everything of a manual order that does not come with the request. */
export type ManualOrderDefaults = Omit<SubmitManualOrderInput, 'idempotencyKey' | 'body' | 'correlationId'>;

/** `ApiDeps.submitManualOrder` over the use case: the outcome as HTTP status and body. */
export const manualOrders =
  (deps: SubmitManualOrderDeps, defaults: ManualOrderDefaults): ApiDeps['submitManualOrder'] =>
  async ({ idempotencyKey, body, correlationId }) =>
    manualOrderAnswer(await submitManualOrder(deps, { ...defaults, idempotencyKey, body, correlationId }));
