/**
 * What requests weigh against the venue's limit per minute and address.
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/rate-limits-and-user-limits
 */
const REQUEST_WEIGHTS = {
  clearinghouseState: 2,
  spotClearinghouseState: 2,
  orderStatus: 2,
  exchangeStatus: 2,
  userAbstraction: 20,
  userFillsByTime: 20,
  userNonFundingLedgerUpdates: 20,
  frontendOpenOrders: 20,
  historicalOrders: 20,
  extraAgents: 20,
  perpDexs: 20,
  meta: 20,
  metaAndAssetCtxs: 20,
  candleSnapshot: 20,
  userRole: 60,
} as const;
/** Every question that is asked. */
export type RequestType = keyof typeof REQUEST_WEIGHTS;

export const requestWeight = (type: RequestType): number => REQUEST_WEIGHTS[type];

/** Names of all calls, as they are counted: questions, then actions. */
export const CALLS: readonly string[] = [...Object.keys(REQUEST_WEIGHTS), 'order', 'cancelByCloid', 'updateLeverage'];

/** What decides how much is asked for. Cadences in seconds. */
export interface RequestLoad {
  readonly cadences: {
    readonly balance: number;
    readonly observer: number;
    readonly market_data: number;
    readonly order_tracker: number;
    readonly instruments: number;
  };
  readonly clockCheckS: number;
  readonly observers: number;
  readonly dexes: number;
  readonly symbols: number;
  readonly timeframesS: readonly number[];
  /** The books are ours: nobody is asked about the account. */
  readonly isPaper: boolean;
}

/**
 * Weight a minute of each scheduled job, as `{ order_tracker: 1200, … }`: the requests of one turn times its turns. The tracker is
 * counted with one reading of fills and one of open orders a turn, which is more than a quiet turn asks for, and less than one with an
 * order whose fate is unknown. What a long reply adds, and orders themselves, are not in it.
 */
export function weightPerMinute(load: RequestLoad): Readonly<Record<string, number>> {
  const { cadences, dexes, symbols, timeframesS, observers, isPaper } = load;
  const every = (seconds: number, types: readonly RequestType[]) =>
    (60 / seconds) * types.reduce((sum, type) => sum + requestWeight(type), 0);
  /** Asked once for the native exchange and once for each dex. */
  const each = (type: RequestType): RequestType[] => Array.from({ length: 1 + dexes }, () => type);
  // A series is due when one of its bars has closed, and is looked at no more often than the plan runs.
  const fetchesPerMinute = timeframesS.reduce((sum, s) => sum + 60 / Math.max(s, cadences.market_data), 0) * symbols;
  /** Of any mode: the balances are asked for in some only. */
  const view: readonly RequestType[] = ['userAbstraction', 'spotClearinghouseState', ...each('clearinghouseState')];
  const account = {
    balance: every(cadences.balance, [...view, 'userNonFundingLedgerUpdates']),
    observer: observers * every(cadences.observer, view),
    order_tracker: every(cadences.order_tracker, ['userFillsByTime', 'frontendOpenOrders']),
  };
  return {
    ...(isPaper ? {} : account),
    market_data:
      every(cadences.market_data, each('metaAndAssetCtxs')) + fetchesPerMinute * requestWeight('candleSnapshot'),
    instruments: every(cadences.instruments, ['perpDexs', ...each('meta')]),
    clock: every(load.clockCheckS, ['exchangeStatus']),
  };
}
