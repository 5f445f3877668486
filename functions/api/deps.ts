import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { ObserverDocuments } from '#shared/ports/observer-documents.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';
import type { ReadModel } from '#shared/ports/repositories/read-model.ts';
import type { SystemStateRepository } from '#shared/ports/repositories/system-state-repository.ts';
import type { SystemControl } from '#shared/ports/system-control.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { WorkQueue } from '#shared/ports/work-queue.ts';
import type { CheckTakeProfitDeps } from '#shared/usecases/check-take-profit.ts';

/** What `POST /execute_order` hands over; the body is parsed JSON and not checked yet. */
export interface ManualOrderRequest {
  readonly idempotencyKey: string;
  readonly body: unknown;
  readonly correlationId: string;
}
export interface ManualOrderAnswer {
  readonly httpStatus: number;
  readonly body: unknown;
}

export interface ApiDeps {
  /** Market time: ages are judged by it. */
  readonly clock: Clock;
  /** Wall time: paces the events of the page, and never a replay. */
  readonly wallClock: Clock;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly readModel: ReadModel;
  readonly systemState: SystemStateRepository;
  readonly control: SystemControl;
  readonly instruments: InstrumentsRepository;
  readonly orders: Pick<OrdersRepository, 'adopt' | 'release' | 'hold' | 'epoch' | 'find' | 'orderFills' | 'recordEnd'>;
  readonly accounts: Pick<AccountRepository, 'latest'>;
  /** For `rearm` alone. */
  readonly runs: CheckTakeProfitDeps['runs'];
  readonly alerts: Alerts;
  readonly observers: Pick<ObserverDocuments, 'get'>;
  /** Queue `run-requests`. */
  readonly runRequests: WorkQueue;
  readonly submitManualOrder: (request: ManualOrderRequest) => Promise<ManualOrderAnswer>;
  /** The token of this start, for writes; null on AWS, where IAM has admitted every caller. */
  readonly token: string | null;
  /**
   * Exact `host:port` values that may stand in the Host header; asked at each request, as a port may be known late. Null on AWS:
   * no name leads to a function but its own, and what IAM admits is signed for that name.
   */
  readonly allowedHosts: (() => readonly string[]) | null;
  /** How long a locked database has been waited for by now, null when it answers; absent where none can be locked. */
  readonly databaseWaitMs?: () => number | null;
  /** Prometheus text of the process's own counters, or null. Families that rows also give are left out of it. */
  readonly processMetrics: (() => Promise<string>) | null;
}
