import type { DecimalText } from '../decimal.ts';
import type { ClientOrderId, OrderIntent } from '../orders/order.ts';
import type { CycleInputs, PreviousDecision } from './cycle-inputs.ts';
import type { DecisionCode } from './decision-codes.ts';

export type DecisionKind = 'order' | 'refusal' | 'in-sync' | 'cancel' | 'superseded';

/** JSON values only: stored as they are, so that `3t why` answers from the row alone. */
export type DecisionRecord = Readonly<Record<string, unknown>>;

export type AlarmKind = 'exit-not-filling' | 'sources-dissent' | 'unmanaged-position' | 'strategy-stale';

/** What a cycle decided about one symbol, with all its inputs. */
export interface CycleDecision {
  /** Repeats of one episode keep the id of the first. */
  readonly id: string;
  readonly symbol: string;
  readonly epoch: number;
  readonly kind: DecisionKind;
  /** The effect of an order (`open`, `increase`, `reduce`, `exit`, `flip-exit`), or the code of a refusal. */
  readonly code: DecisionCode;
  readonly message: string;
  readonly desiredSize: DecimalText | null;
  readonly actualSize: DecimalText | null;
  readonly inputs: DecisionRecord;
  /** The same kind, code and epoch as the symbol's decision before: counted, not added. */
  readonly repeats: boolean;
  readonly episodeCount: number;
  readonly intent: OrderIntent | null;
  /** Resting orders of ours that the newer target contradicts. */
  readonly cancels: readonly ClientOrderId[];
  /** Refused because sources are too old or have not seen our last fill: reading them again may help. */
  readonly wantsFreshSources: boolean;
  readonly alarm: AlarmKind | null;
}

/** What a planner hands over; identity and episode are added here. */
export type Verdict = Pick<
  CycleDecision,
  'kind' | 'code' | 'message' | 'desiredSize' | 'actualSize' | 'inputs' | 'cancels' | 'wantsFreshSources' | 'alarm'
>;

/** Gives a verdict its identity: an order is always new, anything else that repeats joins its episode. */
export function toDecision(
  verdict: Verdict,
  at: { readonly symbol: string; readonly epoch: number; readonly previous: PreviousDecision | null },
  index: number,
  inputs: Pick<CycleInputs, 'cycleId'>,
  intent: OrderIntent | null = null,
): CycleDecision {
  const { previous, symbol, epoch } = at;
  const same =
    verdict.kind !== 'order' &&
    previous !== null &&
    previous.kind === verdict.kind &&
    previous.code === verdict.code &&
    previous.epoch === epoch;
  return {
    ...verdict,
    id: same ? previous.id : decisionId(inputs, index),
    symbol,
    epoch,
    repeats: same,
    episodeCount: same ? previous.episodeCount + 1 : 1,
    intent,
  };
}

export const decisionId = (inputs: Pick<CycleInputs, 'cycleId'>, index: number): string => `${inputs.cycleId}-${index}`;
/** The cycle that made a decision; the id itself where no cycle did. */
export const cycleIdOf = (id: string): string => id.replace(/-\d+$/, '');
