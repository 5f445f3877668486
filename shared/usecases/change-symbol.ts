import { dec } from '#shared/core/decimal.ts';
import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';
import { NOT_OURS, notOursAlert, takeoverChoices } from '#shared/core/portfolio/takeover.ts';
import { type Refusal, refusal } from '#shared/core/refusal.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Ids } from '#shared/ports/ids.ts';
import type { AccountRepository } from '#shared/ports/repositories/account-repository.ts';
import type { InstrumentsRepository, Product } from '#shared/ports/repositories/instruments-repository.ts';
import type { OrdersRepository } from '#shared/ports/repositories/orders-repository.ts';

/**
 * add: manage (again). remove: desired is zero until flat, then nothing; a position that never became 3T's is left to the operator.
 * flatten: the same, and closes that one too. adopt: a HOLD ends, the position as it is becomes 3T's. release: a HOLD ends, the
 * position as it is becomes the operator's and 3T leaves the symbol alone until `add` or `adopt`.
 */
export type SymbolAction = 'add' | 'remove' | 'flatten' | 'adopt' | 'release';

/** For `add`: what becomes of a position that is there already. Without a word the symbol starts on HOLD. */
export type FoundPosition = 'adopt' | 'close';

export interface ChangeSymbolDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly instruments: InstrumentsRepository;
  readonly orders: Pick<OrdersRepository, 'adopt' | 'release' | 'hold' | 'epoch'>;
  readonly accounts: Pick<AccountRepository, 'latest'>;
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
  readonly found?: FoundPosition | undefined;
  readonly by: string;
  readonly reason: string;
}

export type ChangeSymbolOutcome =
  | { readonly kind: 'changed'; readonly symbol: string; readonly what: string; readonly hold: string | null }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** What was done, and the reason of a HOLD that the symbol is on since. */
interface Done {
  readonly what: string;
  readonly hold: string | null;
}

/** Changes what 3T does with a symbol, and leaves a record of who did it and why among the alerts. */
export async function changeSymbol(deps: ChangeSymbolDeps, input: ChangeSymbolInput): Promise<ChangeSymbolOutcome> {
  const { exchange, action } = input;
  const listed = await deps.instruments.all(exchange);
  const symbol = resolveSymbol(listed, input.symbol);
  if (symbol === null) {
    const why = refusal('unknown-symbol', `${exchange} lists no single instrument called ${input.symbol}`);
    return { kind: 'refused', refusal: why };
  }
  const leverage = input.leverage ?? null;
  const max = listed.find((i) => i.symbol === symbol)!.maxLeverage;
  if (leverage !== null && leverage > max) {
    const numbers = { leverage, maxLeverage: max };
    return {
      kind: 'refused',
      refusal: refusal('leverage-too-high', `${symbol} allows leverage up to ${max}`, numbers),
    };
  }
  const done = await apply(deps, input, symbol);
  if ('code' in done) return { kind: 'refused', refusal: done };
  await deps.alerts.raise({
    id: `operator:${deps.ids.next()}`,
    kind: 'operator-action',
    severity: 'warning',
    exchange,
    symbol,
    message: `${symbol} ${done.what} (${input.by}: ${input.reason})`,
    detail: { action, by: input.by, reason: input.reason, leverage, found: input.found ?? null },
  });
  return { kind: 'changed', symbol, ...done };
}

async function apply(deps: ChangeSymbolDeps, input: ChangeSymbolInput, symbol: string): Promise<Done | Refusal> {
  const { exchange, account, action } = input;
  const nowMs = deps.clock.nowMs();
  const known = (await deps.instruments.products(exchange)).find((p) => p.instrument.symbol === symbol) ?? null;
  switch (action) {
    case 'add':
      return add(deps, input, symbol, known);
    case 'adopt': {
      const { holdReason } = await deps.orders.epoch(exchange, account, symbol);
      if (holdReason === null && known?.managed && known.takeover === null) {
        return { what: 'was not on HOLD and is managed already: nothing changed', hold: null };
      }
      // Adopting keeps the leverage that the symbol had.
      const kept = known?.leverage ?? null;
      if ((await deps.instruments.manage(exchange, symbol, kept, nowMs, null)) !== 'managed') return delisted(symbol);
      await deps.orders.adopt(exchange, account, symbol, nowMs);
      return { what: 'is adopted: 3T goes on from the position as it is', hold: null };
    }
    case 'flatten':
    case 'remove': {
      const { holdReason } = await deps.orders.epoch(exchange, account, symbol);
      const isNotOurs = holdReason === NOT_OURS || known?.takeover === 'unchecked';
      if (isNotOurs && action === 'remove') return release(deps, input, symbol);
      if ((await deps.instruments.unmanage(exchange, symbol)) !== 'unmanaged') return notManaged(symbol);
      if (isNotOurs) await deps.orders.adopt(exchange, account, symbol, nowMs);
      return {
        what: `is being closed and is not opened again until \`3t symbols add ${symbol}\``,
        hold: null,
      };
    }
    case 'release':
      return release(deps, input, symbol);
  }
}

/** Released first: between the two writes the HOLD still keeps 3T from trading it. */
async function release(deps: ChangeSymbolDeps, input: ChangeSymbolInput, symbol: string): Promise<Done | Refusal> {
  const { exchange, account } = input;
  const nowMs = deps.clock.nowMs();
  if ((await deps.instruments.releaseToOperator(exchange, symbol, nowMs)) !== 'released') return notManaged(symbol);
  await deps.orders.release(exchange, account, symbol, nowMs);
  return { what: `is yours: 3T neither trades nor closes it until \`3t symbols add ${symbol}\``, hold: null };
}

/**
 * What a symbol that was nobody's holds is not 3T's: it is traded only once sources that read the account after this moment have
 * found it flat (see plan-symbol), or a human has said what the position is. One that 3T still had to close is 3T's.
 */
async function add(
  deps: ChangeSymbolDeps,
  input: ChangeSymbolInput,
  symbol: string,
  known: Product | null,
): Promise<Done | Refusal> {
  const { exchange, account, found } = input;
  const nowMs = deps.clock.nowMs();
  const takeover = found === 'close' ? 'closing' : found === 'adopt' ? null : known === null ? 'unchecked' : undefined;
  const managed = await deps.instruments.manage(exchange, symbol, input.leverage ?? null, nowMs, takeover);
  if (managed !== 'managed') return delisted(symbol);
  if (found !== undefined) {
    await deps.orders.adopt(exchange, account, symbol, nowMs);
    return {
      what:
        found === 'adopt'
          ? 'is managed, and the position there was adopted as it is: runs decide about it, and it is closed when the symbol gets none'
          : 'is managed: what is there is closed, then 3T goes on from flat',
      hold: null,
    };
  }
  const { holdReason } = await deps.orders.epoch(exchange, account, symbol);
  if (holdReason !== null && known !== null) {
    return {
      what: `is managed and stays on HOLD (${holdReason}): choose ${takeoverChoices(symbol)}`,
      hold: holdReason,
    };
  }
  if (takeover !== 'unchecked' && known?.takeover !== 'unchecked') return { what: 'is managed', hold: null };
  // An old or incomplete view may miss a position, which the next cycle then finds; what it shows is reason enough to wait.
  const view = await deps.accounts.latest(exchange, account);
  const size = view?.positions.find((position) => position.symbol === symbol)?.size ?? null;
  if (size === null || dec(size).isZero()) {
    return { what: 'is managed; nothing is traded until the account was read again (asked for now)', hold: null };
  }
  if (holdReason !== null) await deps.orders.release(exchange, account, symbol, nowMs);
  await deps.orders.hold(exchange, account, symbol, NOT_OURS, nowMs);
  await deps.alerts.raise(notOursAlert({ exchange, account, symbol, size }));
  const what = `is managed, but on HOLD (${NOT_OURS}): it holds ${size}, which is not 3T's. Choose ${takeoverChoices(symbol)}`;
  return { what, hold: NOT_OURS };
}

const delisted = (symbol: string): Refusal =>
  refusal('instrument-delisted', `the venue does not list ${symbol} any more`);
const notManaged = (symbol: string): Refusal => refusal('not-managed', `${symbol} is not managed`);
