import { DESIRED_UNKNOWNS } from '../portfolio/desired-position.ts';
import { LIMIT_CODES } from '../risk/limits.ts';
import { GAP_EFFECTS, IN_SYNC_CODES } from './gap.ts';
import { QUORUM_CODES } from './quorum.ts';
import { TARGET_LIMITS } from './target-position.ts';

/** Code of the last decision about a symbol that is not managed any more: surely flat, and from now on nobody's. */
export const LEFT_ALONE = 'left-alone';

/** Why a cycle trades nothing, although something is to be traded or nobody knows. */
export const PLAN_REFUSALS = [
  ...new Set([
    ...DESIRED_UNKNOWNS,
    ...QUORUM_CODES,
    ...TARGET_LIMITS,
    ...LIMIT_CODES,
    'position-unchecked',
    'position-unexplained',
    'order-in-flight',
    'state-forbids',
    'on-hold',
    'backing-off',
    'market-closed',
    'account-unknown',
    'max-order-notional',
    'margin-budget',
    'dust',
    'below-venue-minimum',
    'unmanaged-position',
  ] as const),
] as const;
export type PlanRefusal = (typeof PLAN_REFUSALS)[number];

/** Every code that a cycle or a human gives a decision of a kind: counters begin with them. */
export const DECISION_CODES = {
  order: [...GAP_EFFECTS, 'manual-open', 'manual-reduce'],
  refusal: PLAN_REFUSALS,
  'in-sync': [...IN_SYNC_CODES, LEFT_ALONE],
  cancel: ['contradicted'],
} as const;
export type DecisionCode = (typeof DECISION_CODES)[keyof typeof DECISION_CODES][number];
