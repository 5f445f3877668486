import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type GatewayCommand, gatewayCommandSchema } from '#shared/messages/order-command.ts';
import { countDrop } from '#shared/telemetry/count-drop.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { cancelOrder } from '#shared/usecases/cancel-order.ts';
import { executeOrder } from '#shared/usecases/execute-order.ts';
import type { OrderGatewayDeps } from './deps.ts';
import type { OrderGatewayEnv } from './env.ts';
import { reportCancel, reportOrder } from './report-outcome.ts';
import { lookAtKey, noteKeyRefusal } from './watch-key.ts';

/**
 * SQS FIFO `orders` → the venue, one command at a time, in order. A record fails only when the store could not say what to do
 * and nothing had left the machine; it and what follows it in its group then come again. An answer of the venue, whatever it
 * is, never does: the outbox and the tracker take care of it.
 */
export function createHandler(deps: OrderGatewayDeps, env: OrderGatewayEnv) {
  const { telemetry } = deps;
  const settings = {
    limits: env.LIMITS,
    leaseHolder: env.LEASE_HOLDER,
    leaseTtlMs: env.LEASE_TTL_S * 1000,
    exitRetriesMax: env.EXIT_RETRIES_MAX,
  };

  async function execute(command: GatewayCommand): Promise<void> {
    if (command.type === 'check-key') return lookAtKey(deps, command);
    if (command.type === 'cancel') {
      const outcome = await cancelOrder(deps, { command, settings });
      reportCancel(telemetry, command, outcome);
      return noteKeyRefusal(deps, command, outcome);
    }
    const outcome = await executeOrder(deps, { command, settings });
    reportOrder(telemetry, command, outcome);
    return noteKeyRefusal(deps, command, outcome);
  }

  /** Coming again would not make it readable: it is kept, not retried. */
  async function bury(record: SQSRecord, error: string): Promise<void> {
    const labels = countDrop(telemetry, 'order-command', 'malformed');
    telemetry.log('error', logEvents.inputDropped, { ...labels, error, sample: record.body.slice(0, 300) });
    const { messageId: recordId, body: payload } = record;
    await deps.deadLetters.store({ source: 'orders', recordId, error, payload, attempts: 1 });
  }

  return async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const failed: SQSRecord[] = [];
    for (const record of event.Records) {
      const group = record.attributes.MessageGroupId;
      if (failed.some((earlier) => earlier.attributes.MessageGroupId === group)) {
        failed.push(record);
        continue;
      }
      try {
        const command = readCommand(record.body, env.EXCHANGE);
        if (typeof command === 'string') await bury(record, command);
        else await execute(command);
      } catch (error) {
        telemetry.log('error', logEvents.functionFailed, { function: 'order-gateway', error: String(error) });
        failed.push(record);
      }
    }
    return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId })) };
  };
}

/** The command, or why there is none. */
function readCommand(body: string, exchange: string): GatewayCommand | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'not JSON';
  }
  const parsed = gatewayCommandSchema.safeParse(value);
  if (!parsed.success) return parsed.error.message.slice(0, 300);
  return parsed.data.exchange === exchange ? parsed.data : `a command for ${parsed.data.exchange}, not ${exchange}`;
}
