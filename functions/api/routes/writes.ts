import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';
import { LOCK_MODES } from '#shared/core/system/system-state.ts';
import { unsignedText } from '#shared/messages/fields.ts';
import { clientOrderIdSchema } from '#shared/messages/order-command.ts';
import { NEW_SYMBOL_JOBS, SOURCE_JOBS } from '#shared/messages/reconciliation-messages.ts';
import type { StateChange } from '#shared/ports/system-control.ts';
import { logEvents } from '#shared/telemetry/names.ts';
import { type ChangeSymbolInput, changeSymbol, type SymbolAction } from '#shared/usecases/change-symbol.ts';
import { rearmTakeProfitState } from '#shared/usecases/check-take-profit.ts';
import { endOrderByHand } from '#shared/usecases/end-order-by-hand.ts';
import { lockSystem } from '#shared/usecases/lock-system.ts';
import { requestReconciliation, requestRuns } from '#shared/usecases/request-reconciliation.ts';
import { unlockSystem } from '#shared/usecases/unlock-system.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { HttpError, refusalError } from '../http-error.ts';
import { check, readJson, reasonText, symbolInput, writeBase } from '../input.ts';

const lockBody = writeBase.extend({
  reason: reasonText,
  mode: z.enum(LOCK_MODES).optional(),
});
const unlockBody = writeBase.extend({ reason: reasonText, expectedVersion: z.int().min(0).optional() });
const rearmBody = writeBase.extend({ reason: reasonText });
const reconcileBody = writeBase.extend({ symbol: symbolInput.optional() });
const flattenBody = writeBase.extend({ symbol: symbolInput.optional(), reason: reasonText });
const symbolsBody = writeBase.extend({
  action: z.enum(['add', 'remove']),
  symbol: symbolInput,
  leverage: z.int().min(1).max(100).nullable().optional(),
  /** What becomes of a position that is there already; for `add`. */
  found: z.enum(['adopt', 'close']).optional(),
  reason: reasonText.default('asked for by the operator'),
});
const holdBody = writeBase.extend({ symbol: symbolInput, reason: reasonText });
const resolveBody = writeBase.extend({
  clientOrderId: clientOrderIdSchema,
  /** How much of it traded: base units, or all. */
  filled: z.union([z.literal('all'), unsignedText]),
  reason: reasonText,
});

/** What a human may change. The guard has already asked for the token. */
export function writeRoutes(deps: ApiDeps, env: ApiEnv): Hono {
  const app = new Hono();
  const { EXCHANGE: exchange, ACCOUNT: account } = env;

  const read = async <T extends z.infer<typeof writeBase>>(c: Context, schema: z.ZodType<T>): Promise<T> => {
    const body = check(schema, await readJson(c));
    if (body.exchange !== undefined && body.exchange !== exchange) {
      const names = env.EXCHANGES.map((known) => known.exchange).join(', ');
      throw new HttpError(404, 'unknown-exchange', `${exchange} is served here; the settings have ${names}`);
    }
    return body;
  };
  const answer = (c: Context, change: StateChange) => {
    if (change.kind === 'refused') throw refusalError(409, change.refusal);
    if (change.kind === 'changed') {
      const { state, lockMode, reason, changedBy, version } = change.state;
      const fields = {
        exchange,
        from: change.from?.state ?? null,
        to: state,
        lockMode,
        reason,
        by: changedBy,
        version,
      };
      deps.telemetry.log('info', logEvents.stateChanged, fields);
    }
    return c.json({ changed: change.kind === 'changed', state: change.state });
  };
  const reconcile = (symbols: readonly string[] | null, reason: string) =>
    requestReconciliation(deps, { exchange, symbols, reason });
  const change = async (
    action: SymbolAction,
    body: z.infer<typeof holdBody> & Pick<ChangeSymbolInput, 'leverage' | 'found'>,
  ) => {
    const { symbol, by, reason, leverage, found } = body;
    const outcome = await changeSymbol(deps, { exchange, account, action, symbol, leverage, found, by, reason });
    if (outcome.kind === 'refused') {
      throw refusalError(outcome.refusal.code === 'unknown-symbol' ? 404 : 409, outcome.refusal);
    }
    const why = `${action} by ${by}`;
    // A symbol that is new to 3T has no price, candles, runs or reading of its position: they are fetched at once.
    if (action === 'add' || action === 'adopt') await requestRuns(deps, NEW_SYMBOL_JOBS, { exchange, reason: why });
    const { kind: _kind, ...done } = outcome;
    return { ...done, action, correlationId: await reconcile([outcome.symbol], why) };
  };

  app.post('/lock', async (c) => {
    const { by, reason, mode } = await read(c, lockBody);
    const changed = await lockSystem(deps, { exchange, by, reason, mode });
    // A flatten lock makes every target zero: the next cycle need not wait for its slot.
    if (changed.kind === 'changed' && mode === 'flatten') await reconcile(null, 'flatten lock');
    return answer(c, changed);
  });

  app.post('/unlock', async (c) => {
    const { by, reason, expectedVersion } = await read(c, unlockBody);
    return answer(c, await unlockSystem(deps, { exchange, by, reason, expectedVersion }));
  });

  app.post('/rearm', async (c) => {
    const { by, reason } = await read(c, rearmBody);
    const outcome = await rearmTakeProfitState(deps, { exchange, account });
    if (outcome === 'conflict') {
      throw new HttpError(409, 'take-profit-moved', 'a balance was judged at the same moment: try again');
    }
    if (outcome === 'rearmed') {
      await deps.alerts.raise({
        id: `rearm:${exchange}:${account}:${deps.clock.nowMs()}`,
        kind: 'operator-action',
        severity: 'warning',
        exchange,
        symbol: null,
        message: `take profit and drawdown armed again by ${by}: ${reason}`,
        detail: { action: 'rearm', by, reason },
      });
    }
    return c.json({ changed: outcome === 'rearmed', outcome });
  });

  app.post('/reconcile', async (c) => {
    const { symbol, by } = await read(c, reconcileBody);
    const known = await deps.instruments.products(exchange);
    const symbols = symbol === undefined ? null : [resolve(known, symbol)];
    return c.json({ symbols, correlationId: await reconcile(symbols, `asked for by ${by}`) }, 202);
  });

  app.post('/flatten', async (c) => {
    const { symbol, by, reason } = await read(c, flattenBody);
    if (symbol !== undefined) return c.json(await change('flatten', { symbol, by, reason }), 202);
    const changed = await lockSystem(deps, { exchange, by, reason, mode: 'flatten' });
    await reconcile(null, `flatten by ${by}`);
    return answer(c, changed);
  });

  app.post('/symbols', async (c) => {
    const body = await read(c, symbolsBody);
    return c.json(await change(body.action, body), 202);
  });
  app.post('/adopt', async (c) => c.json(await change('adopt', await read(c, holdBody)), 202));
  app.post('/orders/resolve', async (c) => {
    const body = await read(c, resolveBody);
    const outcome = await endOrderByHand(deps, { ...body, exchange, account });
    if (outcome.kind === 'refused') {
      throw refusalError(outcome.refusal.code === 'unknown-order' ? 404 : 409, outcome.refusal);
    }
    const reason = `order ended by ${body.by}`;
    if (outcome.changed) await requestRuns(deps, SOURCE_JOBS, { exchange, reason });
    const { kind: _kind, ...done } = outcome;
    return c.json({ ...done, correlationId: await reconcile([outcome.symbol], reason) }, 202);
  });
  app.post('/release', async (c) => c.json(await change('release', await read(c, holdBody)), 202));

  return app;
}

function resolve(known: Awaited<ReturnType<ApiDeps['instruments']['products']>>, text: string): string {
  const symbol = resolveSymbol(
    known.map((p) => p.instrument),
    text,
  );
  if (symbol === null) throw new HttpError(404, 'unknown-symbol', `no managed symbol is called ${text}`);
  return symbol;
}
