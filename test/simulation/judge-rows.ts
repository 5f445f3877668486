import { ledgerReport } from '#local/exchange-simulator/server/control.ts';
import type { SourceVerdict } from '#shared/core/reconciliation/quorum.ts';
import type { ScenarioRun } from './run-scenario.ts';

/** An invariant that did not hold, with the orders it is about. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly clientOrderIds?: readonly string[];
}

/** The parts of a stored decision's inputs that are judged. */
export interface DecisionInputs {
  readonly sources?: readonly SourceVerdict[];
  readonly quorum?: { readonly quorum: number; readonly maxAgeMs: number; readonly settledAtMs: number };
  readonly price?: { readonly price: string; readonly ageMs: number } | null;
}

/** Our rows and the venue's ledger, read once. */
export async function readEvidence(run: ScenarioRun) {
  const { db, simulator } = run.world;
  const [orders, decisions, fills, epochs, outbox, systemState, audit, alerts, deadLetters] = await Promise.all([
    db.selectFrom('order_execution_log').selectAll().orderBy('created_at_ms').orderBy('client_order_id').execute(),
    db.selectFrom('decisions').selectAll().orderBy('created_at_ms').orderBy('id').execute(),
    db.selectFrom('fills').selectAll().orderBy('venue_time_ms').orderBy('trade_id').execute(),
    db.selectFrom('position_epochs').selectAll().orderBy('symbol').execute(),
    db.selectFrom('order_outbox').selectAll().orderBy('client_order_id').execute(),
    db.selectFrom('system_state').selectAll().execute(),
    db.selectFrom('system_state_audit').selectAll().orderBy('version').execute(),
    db.selectFrom('alerts').selectAll().orderBy('id').execute(),
    db.selectFrom('dead_letters').selectAll().orderBy('id').execute(),
  ]);
  const account = [...simulator.world.accounts.values()][0]!;
  const ledger = ledgerReport(simulator.world, simulator.faults.fired);
  return {
    orders,
    decisions,
    decisionOf: new Map(decisions.map((decision) => [decision.id, decision])),
    fills,
    epochs,
    outbox,
    systemState: systemState[0] ?? null,
    audit,
    alerts,
    deadLetters,
    account,
    ledger,
    venueOrders: ledger.orders.filter((order) => order.user === account.spec.address),
  };
}
export type Evidence = Awaited<ReturnType<typeof readEvidence>>;
export type OrderRow = Evidence['orders'][number];

export const inputsOf = (evidence: Evidence, order: OrderRow): DecisionInputs | null => {
  const decision = evidence.decisionOf.get(order.decision_id);
  return decision ? (JSON.parse(decision.inputs_json) as DecisionInputs) : null;
};
