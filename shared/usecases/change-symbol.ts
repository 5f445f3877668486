import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';
import { type Refusal, refusal } from '#shared/core/refusal.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';

/**
 * add: manage (again). remove: desired is zero until flat, then nothing. adopt: a HOLD ends, the position as it is becomes
 * 3T's. release: a HOLD ends, the position as it is becomes the operator's and 3T leaves the symbol alone until `add` or `adopt`.
 */
export type SymbolAction = 'add' | 'remove' | 'adopt' | 'release';

export interface ChangeSymbolDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly instruments: InstrumentsRepository;
  readonly orders: Pick<OrdersRepository, 'adopt' | 'release'>;
  readonly alerts: Alerts;
}

export interface ChangeSymbolInput {
  readonly exchange: string;
  readonly account: string;
  readonly action: SymbolAction;
  /** A symbol, or its coin or base without regard to case. */
  readonly symbol: string;
  /** For `add`; null uses the instrument's maximum. */
  readonly leverage?: number | null | undefined;
  readonly by: string;
  readonly reason: string;
}

export type ChangeSymbolOutcome =
  | { readonly kind: 'changed'; readonly symbol: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const PAST: Readonly<Record<SymbolAction, string>> = {
  add: 'is managed',
  remove: 'was removed: it is closed and not opened again',
  adopt: 'was adopted as it is',
  release: 'was released to the operator',
};

/** Changes what 3T does with a symbol, and leaves a record of who did it and why among the alerts. */
export async function changeSymbol(deps: ChangeSymbolDeps, input: ChangeSymbolInput): Promise<ChangeSymbolOutcome> {
  const { exchange, action } = input;
  const listed = await deps.instruments.all(exchange);
  const symbol = resolveSymbol(listed, input.symbol);
  if (symbol === null)
    return refused('unknown-symbol', `${exchange} lists no single instrument called ${input.symbol}`);
  const leverage = input.leverage ?? null;
  const max = listed.find((i) => i.symbol === symbol)!.maxLeverage;
  if (leverage !== null && leverage > max) {
    return refused('leverage-too-high', `${symbol} allows leverage up to ${max}`, { leverage, maxLeverage: max });
  }
  const problem = await apply(deps, input, symbol, leverage);
  if (problem) return { kind: 'refused', refusal: problem };
  await deps.alerts.raise({
    id: `operator:${deps.ids.next()}`,
    kind: 'operator-action',
    severity: 'warning',
    exchange,
    symbol,
    message: `${symbol} ${PAST[action]} by ${input.by}: ${input.reason}`,
    detail: { action, by: input.by, reason: input.reason, leverage },
  });
  return { kind: 'changed', symbol };
}

async function apply(
  deps: ChangeSymbolDeps,
  input: ChangeSymbolInput,
  symbol: string,
  leverage: number | null,
): Promise<Refusal | null> {
  const { exchange, account, action } = input;
  const nowMs = deps.clock.nowMs();
  switch (action) {
    case 'add':
    case 'adopt': {
      const known = (await deps.instruments.products(exchange)).find((p) => p.instrument.symbol === symbol);
      // Adopting keeps the leverage that the symbol had.
      const kept = action === 'adopt' ? (known?.leverage ?? null) : leverage;
      if ((await deps.instruments.manage(exchange, symbol, kept, nowMs)) === 'unknown-instrument') {
        return refusal('instrument-delisted', `the venue does not list ${symbol} any more`);
      }
      if (action === 'adopt') await deps.orders.adopt(exchange, account, symbol, nowMs);
      return null;
    }
    case 'remove':
      return (await deps.instruments.unmanage(exchange, symbol)) === 'not-managed'
        ? refusal('not-managed', `${symbol} is not managed`)
        : null;
    case 'release': {
      // Released first: between the two writes the HOLD still keeps 3T from trading it.
      if ((await deps.instruments.releaseToOperator(exchange, symbol, nowMs)) === 'not-a-product') {
        return refusal('not-managed', `${symbol} is not managed`);
      }
      await deps.orders.release(exchange, account, symbol, nowMs);
      return null;
    }
  }
}

const refused = (code: string, message: string, numbers: Refusal['numbers'] = {}): ChangeSymbolOutcome => ({
  kind: 'refused',
  refusal: refusal(code, message, numbers),
});
