import type { Config } from '#config/schema.ts';
import { accountOf, exchangeOf, exchangesOf } from '#config/venues.ts';
import { TEST_ACCOUNTS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { decimalText, ZERO } from '#shared/core/decimal.ts';
import { hip3Leverage, targetLeverage } from '#shared/core/risk/leverage.ts';
import { sizingFrom } from '#shared/core/risk/sizing.ts';
import { type ReportedSymbol, type SizingReportRow, sizingReport } from '#shared/core/risk/sizing-report.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import type { CommandContext } from './context.ts';
import { CliFailure, EXIT } from './exit-codes.ts';
import { findPlatform } from './platform-client.ts';

/** HyperLiquid's smallest order in quote units, for when no platform is there to say what the venue listed. */
const HYPERLIQUID_MIN_NOTIONAL_QUOTE = '10';

export interface KnownEquity {
  readonly quote: string | null;
  readonly from: string;
}

export interface SizingCheck {
  readonly equity: KnownEquity;
  readonly rows: readonly SizingReportRow[];
  /** A sentence for each symbol in which a limit lets nothing be opened at this equity. */
  readonly warnings: readonly string[];
}

/** What the sizing can produce with these settings: at the given equity, that of the running platform, or the first deposit. */
export async function checkSizing(ctx: CommandContext, config: Config, givenEquity?: string): Promise<SizingCheck> {
  const live = await runningPlatform(ctx);
  const equity = equityOf(config, givenEquity, live);
  const rows = report(config, equity.quote, live);
  const warnings = rows.flatMap(({ symbol, blocked }) => (blocked === null ? [] : [`${symbol}: ${blocked}`]));
  return { equity, rows, warnings };
}

/** Prices and equity of the platform in this state folder; the check does without when none runs. */
async function runningPlatform(ctx: CommandContext): Promise<PlatformSnapshot | null> {
  if (!findPlatform(ctx.stateDir)) return null;
  try {
    return await ctx.platform().get<PlatformSnapshot>('/api/status');
  } catch (error) {
    if (error instanceof CliFailure) return null;
    throw error;
  }
}

function equityOf(config: Config, given: string | undefined, live: PlatformSnapshot | null): KnownEquity {
  if (given !== undefined) return { quote: given, from: '--equity' };
  if (live?.money?.equityQuote) return { quote: live.money.equityQuote, from: 'the running platform' };
  const [exchange] = exchangesOf(config);
  const { kind } = exchangeOf(config, exchange);
  const { address } = accountOf(config, exchange);
  const account = kind === 'simulator' ? TEST_ACCOUNTS.find((a) => a.address === address) : undefined;
  if (account) {
    const deposits = Object.values(account.depositsQuote).reduce((sum, quote) => sum.plus(quote), ZERO);
    return { quote: decimalText(deposits), from: "the simulator's first deposits" };
  }
  if (kind === 'paper') return { quote: decimalText(config.paper.equity_quote), from: 'paper.equity_quote' };
  return { quote: null, from: 'unknown: give --equity' };
}

function report(config: Config, equityQuote: string | null, live: PlatformSnapshot | null): readonly SizingReportRow[] {
  const engine = config.reconciliation_engine;
  const { limits, providence } = config;
  const sizing = sizingFrom(engine.risk_pos_size, engine.risk_pos_percentage);
  if (sizing.kind === 'refused') throw new CliFailure(EXIT.failed, sizing.refusal.code, sizing.refusal.message);
  const policy = {
    maxLeverage: limits.max_leverage,
    hip3Leverage: hip3Leverage(config.take_profit.threshold ?? 1, config.take_profit.reward_multiple),
  };
  // The operator may have added and removed some since.
  const managed = live?.symbols.filter((s) => s.managed).map((s) => s.symbol) ?? [];
  const names = managed.length > 0 ? managed : exchangeOf(config, exchangesOf(config)[0]).symbols;
  const symbols = names.map((symbol): ReportedSymbol => {
    const seen = live?.symbols.find((s) => s.symbol === symbol);
    const instrument = {
      marginMode: seen?.marginMode ?? (symbol.includes('-') ? 'isolated' : 'cross'),
      maxLeverage: seen?.maxLeverage ?? limits.max_leverage,
    };
    return {
      symbol,
      minNotionalQuote: seen?.minNotionalQuote ?? HYPERLIQUID_MIN_NOTIONAL_QUOTE,
      leverage: Math.max(1, targetLeverage(instrument, seen?.leverage ?? null, policy).leverage),
      sizeStep: seen?.sizeStep ?? null,
      price: seen?.price?.price ?? null,
    };
  });
  return sizingReport({
    sizing: sizing.sizing,
    equityQuote,
    symbols,
    marginUsageFraction: Math.min(engine.max_margin_usage_percentage, limits.max_margin_usage),
    marginCapMultiplier: engine.margin_cap_multiplier,
    minimumTradeQuote: engine.minimum_trade_threshold,
    maxOrderQuote: limits.max_order_notional,
    maxPositionQuote: limits.max_position_notional,
    entrySlippage: engine.entry_slippage,
    desiredRunCount: providence.desired_run_count,
    runsPerLeverageMax: providence.max_margin_allocation_threshold,
    directionMax: providence.max_position_direction,
  });
}
