import type { StateCells } from '../strategies/strategy.ts';
import type { RunPlan } from './run-params.ts';
import { EMPTY_ACCOUNT, type VirtualAccount } from './virtual-account.ts';

/** The moving part of a run: what `runs.state` holds. */
export interface RunState {
  readonly strategy: unknown;
  readonly account: VirtualAccount;
}

/** Version of the layout below. The strategy's cells carry their own version. */
const LAYOUT = 1;
export const RUN_STATE_BYTES_MAX = 400;

export const initRunState = (plan: RunPlan): RunState => ({
  strategy: plan.definition.init(plan.strategy),
  account: EMPTY_ACCOUNT,
});

/** `[layout, sizeE8, entryMicros, feesMicros, strategyVersion, ...cells]` as JSON; ≤ RUN_STATE_BYTES_MAX bytes. */
export function encodeRunState(plan: RunPlan, state: RunState): string {
  const { account } = state;
  const cells = plan.definition.encode(state.strategy);
  return JSON.stringify([
    LAYOUT,
    account.sizeE8,
    account.entryMicros,
    account.feesMicros,
    plan.definition.stateVersion,
    ...cells,
  ]);
}

/**
 * Null when the virtual account cannot be read. Cells of another strategy version, or not understood, give a cold strategy
 * beside the old account: the run keeps its stance until it is warm again.
 */
export function decodeRunState(plan: RunPlan, text: string): RunState | null {
  if (text.length > RUN_STATE_BYTES_MAX) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(json) || json.length < 5 || json[0] !== LAYOUT) return null;
  const [, sizeE8, entryMicros, feesMicros, version, ...cells] = json as unknown[];
  if (!Number.isSafeInteger(sizeE8) || !Number.isSafeInteger(entryMicros) || !Number.isSafeInteger(feesMicros)) {
    return null;
  }
  const strategy =
    version === plan.definition.stateVersion ? plan.definition.decode(plan.strategy, cells as StateCells) : null;
  return {
    strategy: strategy ?? plan.definition.init(plan.strategy),
    account: { sizeE8, entryMicros, feesMicros } as VirtualAccount,
  };
}
