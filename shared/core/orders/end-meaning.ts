import { dec } from '../decimal.ts';
import { KEY_REFUSED } from '../system/trading-key.ts';
import type { Order } from './order.ts';

/**
 * What the end of an order says for the next order of its symbol.
 * `filled`: whole. `no-match`: the book had nothing, or nothing more, within its price. `taken`: the venue had it, and it ended for another reason.
 * `refused`: the venue looked at it and said no. `shut-out`: it was turned away before anybody looked at it, whatever it asked for.
 * `nothing`: it was never sent, or never arrived.
 */
export type EndMeaning = 'filled' | 'no-match' | 'taken' | 'refused' | 'shut-out' | 'nothing';

/**
 * The only ends that speak about price; a venue's adapter gives its words these codes. A new refusal is never taken for one of them:
 * a closed venue or a dead key would otherwise use up the whole ladder of exits at once.
 */
const NO_MATCH_CODES: readonly (string | null)[] = ['ioc-no-match', 'cancelled'];

/** Turned away at the door, at ours or at the venue's: the next order for any symbol would meet the same. */
const SHUT_OUT_CODES: readonly (string | null)[] = [
  ...['not-sent', 'breaker-open', 'rate-budget', 'configuration'],
  ...['rate-limited', KEY_REFUSED, 'venue-closed', 'http-401', 'http-403'],
];

/** Reads an ended order. */
export function endMeaning(ended: Order): EndMeaning {
  const { status, errorCode, timeInForce } = ended;
  if (status === 'filled' || dec(ended.filledSize).gte(ended.size)) return 'filled';
  if (ended.sentAtMs === null) return errorCode === 'leverage-refused' ? 'refused' : 'nothing';
  if (status === 'expired') return 'nothing';
  // What rests is cancelled on purpose, which says nothing about its price.
  if (NO_MATCH_CODES.includes(errorCode) && (status === 'rejected' || timeInForce === 'Ioc')) return 'no-match';
  if (status === 'cancelled') return 'taken';
  return SHUT_OUT_CODES.includes(errorCode) ? 'shut-out' : 'refused';
}
