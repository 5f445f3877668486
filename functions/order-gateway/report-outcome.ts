import type { CancelCommand, OrderCommand } from '#shared/messages/order-command.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { countDrop } from '#shared/telemetry/count-drop.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import type { CancelOrderOutcome } from '#shared/usecases/cancel-order.ts';
import type { ExecuteOrderOutcome } from '#shared/usecases/execute-order.ts';

/** One line per command, and the counters that the page and alarms read. */
export function reportOrder(telemetry: Telemetry, command: OrderCommand, outcome: ExecuteOrderOutcome): void {
  const { exchange, symbol, clientOrderId, trace } = command;
  const fields = { exchange, symbol, clientOrderId, correlationId: trace.correlationId };
  const ended = (status: string) => {
    telemetry.count(metrics.ordersEnded, 1, { exchange, status });
    telemetry.log('info', logEvents.orderEnded, { ...fields, status });
  };
  switch (outcome.kind) {
    case 'sent': {
      const { answer, answeredAtMs, stored, error } = outcome;
      telemetry.timing(metrics.tickToOrderMs, Math.max(0, answeredAtMs - trace.bornAtMs), { exchange });
      const level = answer.kind === 'accepted' && stored ? 'info' : 'warn';
      telemetry.log(level, logEvents.orderAnswered, { ...fields, answer, stored, error });
      if (answer.kind === 'rejected') {
        telemetry.count(metrics.refusals, 1, { exchange, code: `venue:${answer.code}` });
        ended('rejected');
      }
      break;
    }
    case 'refused': {
      const { code, message, numbers } = outcome.refusal;
      telemetry.count(metrics.refusals, 1, { exchange, code });
      telemetry.log('warn', logEvents.orderAnswered, { ...fields, refused: code, message, ...numbers });
      ended('rejected');
      break;
    }
    case 'expired':
      ended('expired');
      break;
    case 'no-such-order':
      countDrop(telemetry, 'order-command', outcome.kind);
      telemetry.log('error', logEvents.inputDropped, { ...fields, what: 'order-command', code: outcome.kind });
      break;
    case 'deferred':
      telemetry.log('warn', logEvents.orderAnswered, { ...fields, deferred: outcome.reason });
      break;
    case 'sent-before':
    case 'already-handled':
      telemetry.log('info', logEvents.orderAnswered, { ...fields, redelivered: outcome.order.status });
      break;
  }
}

export function reportCancel(telemetry: Telemetry, command: CancelCommand, outcome: CancelOrderOutcome): void {
  const { exchange, symbol, clientOrderId, reason, trace } = command;
  const answer = outcome.kind === 'asked' ? outcome.answer : outcome.kind;
  const isClean = outcome.kind === 'withdrawn' || (outcome.kind === 'asked' && outcome.answer.kind === 'cancelled');
  telemetry.log(isClean ? 'info' : 'warn', logEvents.orderAnswered, {
    exchange,
    symbol,
    clientOrderId,
    correlationId: trace.correlationId,
    cancel: answer,
    reason,
  });
}
