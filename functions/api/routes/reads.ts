import { Hono } from 'hono';
import { fromMicros } from '#shared/core/decimal.ts';
import { resolveSymbol } from '#shared/core/market/resolve-symbol.ts';
import type { Timeframe } from '#shared/core/time.ts';
import { HOUR_MS } from '#shared/core/time.ts';
import { explain } from '#shared/usecases/explain.ts';
import { readPnl } from '#shared/usecases/read-pnl.ts';
import { orderView } from '#shared/usecases/read-snapshot.ts';
import { traceChain } from '#shared/usecases/trace-chain.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { HttpError, refusalError } from '../http-error.ts';
import { candlesQuery, check, listQuery, pnlQuery, tradesQuery } from '../input.ts';
import { readStatus } from '../read-status.ts';

const HEIGHTS_MAX = 500;

/** A stopped platform's database is enough. */
export type ReadDeps = Pick<ApiDeps, 'clock' | 'readModel'> & {
  readonly systemState: Pick<ApiDeps['systemState'], 'audit'>;
};

/** What the page and the CLI read. Every answer says `nowMs`, against which its ages are meant. */
export function readRoutes(deps: ReadDeps, env: ApiEnv): Hono {
  const app = new Hono();
  const { readModel } = deps;
  const own = { exchange: env.EXCHANGE, account: env.ACCOUNT };
  const snapshot = () => readStatus(deps, env);
  const nowMs = () => deps.clock.nowMs();

  /** A symbol as the caller wrote it, in full; unknown text is refused. */
  const full = async (text: string | undefined): Promise<string | undefined> => {
    if (text === undefined) return undefined;
    const { symbols } = await readModel.overview(own.exchange, own.account);
    const symbol = resolveSymbol(symbols, text);
    if (symbol === null) throw new HttpError(404, 'unknown-symbol', `no managed symbol is called ${text.slice(0, 50)}`);
    return symbol;
  };
  const filter = async (query: unknown) => {
    const { symbol, limit } = check(listQuery, query);
    return { symbol: await full(symbol), limit };
  };

  app.get('/status', async (c) => c.json(await snapshot()));

  app.get('/positions', async (c) => {
    const { symbols, foreignPositions, money, nowMs } = await snapshot();
    return c.json({ nowMs, money, positions: symbols, foreignPositions });
  });

  app.get('/orders', async (c) => {
    const workingOnly = c.req.query('working') === 'true';
    const orders = await readModel.orders(own.exchange, own.account, { ...(await filter(c.req.query())), workingOnly });
    return c.json({ nowMs: nowMs(), orders: orders.map(orderView) });
  });

  app.get('/trades', async (c) => {
    const { fromMs: sinceMs, toMs: untilMs, offset } = check(tradesQuery, c.req.query());
    const wanted = { ...(await filter(c.req.query())), sinceMs, untilMs, offset };
    const trades = await readModel.fills(own.exchange, own.account, wanted);
    return c.json({ nowMs: nowMs(), trades });
  });

  app.get('/decisions', async (c) => {
    const decisions = await readModel.decisions(own.exchange, own.account, await filter(c.req.query()));
    return c.json({ nowMs: nowMs(), decisions });
  });

  app.get('/pnl', async (c) => {
    const { hours } = check(pnlQuery, c.req.query());
    return c.json(await readPnl(deps, { ...own, sinceMs: nowMs() - hours * HOUR_MS }));
  });

  app.get('/candles', async (c) => {
    const query = check(candlesQuery, c.req.query());
    const symbol = (await full(query.symbol))!;
    const timeframe = query.timeframe as Timeframe;
    const candles = await readModel.candles(own.exchange, symbol, timeframe, query.limit);
    return c.json({ nowMs: nowMs(), symbol, timeframe, candles });
  });

  app.get('/prices', async (c) => {
    const { symbols, nowMs } = await snapshot();
    return c.json({ nowMs, prices: symbols.map(({ symbol, price }) => ({ symbol, price })) });
  });

  app.get('/symbols', async (c) => {
    const { symbols } = await readModel.overview(own.exchange, own.account);
    const rows = symbols.map((s) => ({
      symbol: s.symbol,
      venueSymbol: s.venueSymbol,
      status: s.status,
      managed: s.managed,
      released: s.released,
      leverage: s.leverage,
      hold: s.holdReason,
      minNotionalQuote: s.minNotionalQuote,
    }));
    return c.json({ nowMs: nowMs(), symbols: rows });
  });

  app.get('/runs', async (c) => {
    const { runs } = await readModel.overview(own.exchange, own.account);
    const heights = await readModel.heights(own.exchange, HEIGHTS_MAX);
    const inQuote = <T extends { readonly pnlMicros: number }>({ pnlMicros, ...rest }: T) => ({
      ...rest,
      pnlQuote: fromMicros(pnlMicros).toFixed(),
    });
    return c.json({ nowMs: nowMs(), live: runs.map(inQuote), heights: heights.map(inQuote) });
  });

  app.get('/why/:subject{.+}', async (c) => {
    const subject = c.req.param('subject').slice(0, 100);
    const outcome = await explain(deps, { ...own, subject });
    if (outcome.kind === 'not-found') throw refusalError(404, outcome.refusal);
    return c.json({ nowMs: nowMs(), ...outcome.explanation });
  });

  app.get('/trace/:subject{.+}', async (c) => {
    const subject = c.req.param('subject').slice(0, 100);
    const outcome = await traceChain(deps, { ...own, subject });
    if (outcome.kind === 'not-found') throw refusalError(404, outcome.refusal);
    return c.json({ nowMs: nowMs(), ...outcome.chain });
  });

  app.get('/audit', async (c) => {
    const { limit } = check(listQuery, c.req.query());
    return c.json({ nowMs: nowMs(), audit: await deps.systemState.audit(own.exchange, limit) });
  });

  app.get('/dead-letters', async (c) => {
    const { limit } = check(listQuery, c.req.query());
    return c.json({ nowMs: nowMs(), deadLetters: await readModel.deadLetters(limit) });
  });

  app.get('/alerts', async (c) => {
    const { limit } = check(listQuery, c.req.query());
    return c.json({ nowMs: nowMs(), alerts: await readModel.alerts(own.exchange, limit) });
  });

  return app;
}
