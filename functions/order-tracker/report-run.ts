import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { VenueView } from '#shared/ports/venue-view.ts';
import { logEvents, metrics } from '#shared/telemetry/names.ts';
import type { RelayOutboxFacts } from '#shared/usecases/relay-outbox.ts';
import type { TrackOrdersFacts } from '#shared/usecases/track-orders.ts';
import type { WatchAccountFacts } from '#shared/usecases/watch-account.ts';

export interface TrackerRun {
  readonly relayed: RelayOutboxFacts;
  readonly view: VenueView;
  readonly watched: WatchAccountFacts;
  readonly tracked: TrackOrdersFacts;
}

/** One line for each thing that happened; a quiet run logs nothing. */
export function reportRun(telemetry: Telemetry, exchange: string, run: TrackerRun): void {
  const { relayed, view, watched, tracked } = run;
  const ended = (status: string, fields: Readonly<Record<string, unknown>>) => {
    telemetry.count(metrics.ordersEnded, 1, { exchange, status });
    telemetry.log('info', logEvents.orderEnded, { exchange, status, ...fields });
  };
  for (const clientOrderId of relayed.expired) ended('expired', { clientOrderId });
  for (const { order, status, code } of tracked.ended) {
    const { clientOrderId, symbol, filledSize, correlationId } = order;
    ended(status, { clientOrderId, symbol, filledSize, code, correlationId });
  }
  for (const fill of tracked.newFills) {
    const { tradeId, symbol, side, size, price, feeQuote, clientOrderId } = fill;
    // One that ended before was not asked for any more; `3t trace` finds its chain by the order's id.
    const order = view.working.find((o) => o.clientOrderId === clientOrderId || o.venueOrderId === fill.venueOrderId);
    telemetry.count(metrics.fills, 1, { exchange });
    telemetry.log('info', logEvents.fillStored, {
      exchange,
      tradeId,
      symbol,
      side,
      size,
      price,
      feeQuote,
      clientOrderId,
      ...(order ? { correlationId: order.correlationId } : {}),
    });
  }
  for (const { symbol, reason, detail } of [...watched.foreign, ...tracked.foreign]) {
    telemetry.log('warn', logEvents.alertRaised, { exchange, kind: reason, symbol, ...detail });
  }
  if (watched.foreignWriter) {
    telemetry.log('error', logEvents.alertRaised, { exchange, kind: 'foreign-writer', ...watched.foreignWriter });
  }
  const errors = [...view.errors, ...tracked.errors, ...(relayed.queueError === null ? [] : [relayed.queueError])];
  if (errors.length > 0) {
    telemetry.log('warn', logEvents.functionFailed, { function: 'order-tracker', exchange, partly: true, errors });
  }
}
