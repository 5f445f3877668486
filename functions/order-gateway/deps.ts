import type { DeadLetters } from '#shared/ports/dead-letters.ts';
import type { OrderVenue } from '#shared/ports/exchange.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { CancelOrderDeps } from '#shared/usecases/cancel-order.ts';
import type { CheckTradingKeyDeps } from '#shared/usecases/check-trading-key.ts';
import type { ExecuteOrderDeps } from '#shared/usecases/execute-order.ts';

/** The only function that is given an {@link OrderVenue}: it alone reads a trading key. */
export interface OrderGatewayDeps extends ExecuteOrderDeps, CancelOrderDeps, CheckTradingKeyDeps {
  readonly orders: ExecuteOrderDeps['orders'] & CancelOrderDeps['orders'];
  readonly leases: ExecuteOrderDeps['leases'] & CancelOrderDeps['leases'];
  readonly venue: OrderVenue;
  readonly clock: CheckTradingKeyDeps['clock'];
  readonly deadLetters: DeadLetters;
  readonly telemetry: Telemetry;
}
