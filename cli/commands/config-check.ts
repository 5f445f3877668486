import { ConfigError, problemLine } from '#config/config-error.ts';
import { type LoadedConfig, loadConfig } from '#config/load.ts';
import type { Config } from '#config/schema.ts';
import { TEST_ACCOUNTS } from '#local/exchange-simulator/signers/test-accounts.ts';
import { decimalText, ZERO } from '#shared/core/decimal.ts';
import { hip3Leverage, targetLeverage } from '#shared/core/risk/leverage.ts';
import { sizingFrom } from '#shared/core/risk/sizing.ts';
import { type ReportedSymbol, type SizingReportRow, sizingReport } from '#shared/core/risk/sizing-report.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import type { CommandContext } from '../context.ts';
import { CliFailure, EXIT, type ExitCode } from '../exit-codes.ts';
import { moneyText, plain, table } from '../format.ts';
import { findPlatform } from '../platform-client.ts';

/** HyperLiquid's smallest order in quote units, for when no platform is there to say what the venue listed. */
const HYPERLIQUID_MIN_NOTIONAL_QUOTE = '10';

export interface ConfigCheckOptions {
  /** `key=value` overrides. */
  readonly config: readonly string[];
  readonly equity?: string;
}

/** `3t config check`: everything wrong at once; then what the sizing can produce. Exit 1 for a problem or an order the venue refuses. */
export async function configCheck(ctx: CommandContext, options: ConfigCheckOptions): Promise<ExitCode> {
  const loaded = load(ctx, options);
  if (!loaded) return EXIT.failed;
  const { config, warnings } = loaded;
  const live = await runningPlatform(ctx);
  const equity = equityOf(config, options, live);
  const rows = report(config, equity.quote, live);
  const tooSmall = rows.filter((row) => row.smallestOrderOk === false);
  const value = { ok: tooSmall.length === 0, stage: ctx.stage, problems: [], warnings, equity, sizing: rows };
  ctx.print(value, () => configText(ctx, value));
  return tooSmall.length === 0 ? EXIT.ok : EXIT.failed;
}

function load(ctx: CommandContext, options: ConfigCheckOptions): LoadedConfig | null {
  try {
    return loadConfig({ stage: ctx.stage, overrides: options.config });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { problems } = error;
    ctx.print({ ok: false, stage: ctx.stage, problems }, () =>
      [
        `${problems.length} problem(s) in the settings of stage ${ctx.stage}:`,
        ...problems.map((p) => plain(problemLine(p))),
      ].join('\n'),
    );
    return null;
  }
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

interface KnownEquity {
  readonly quote: string | null;
  readonly from: string;
}

function equityOf(config: Config, options: ConfigCheckOptions, live: PlatformSnapshot | null): KnownEquity {
  if (options.equity !== undefined) return { quote: options.equity, from: '--equity' };
  if (live?.money?.complete) return { quote: live.money.equityQuote, from: 'the running platform' };
  const { kind, accounts } = config.exchanges.hyperliquid;
  const address = accounts[0]?.address.toLowerCase();
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
  const symbols = config.exchanges.hyperliquid.symbols.map((symbol): ReportedSymbol => {
    const seen = live?.symbols.find((s) => s.symbol === symbol);
    const instrument = {
      dex: symbol.includes('-') ? symbol.slice(0, symbol.indexOf('-')).toLowerCase() : null,
      maxLeverage: seen?.maxLeverage ?? limits.max_leverage,
    };
    return {
      symbol,
      minNotionalQuote: seen?.minNotionalQuote ?? HYPERLIQUID_MIN_NOTIONAL_QUOTE,
      leverage: Math.max(1, targetLeverage(instrument, seen?.leverage ?? null, policy).leverage),
      sizeDecimals: seen?.sizeDecimals ?? null,
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

function configText(
  { paint, stage }: CommandContext,
  value: {
    warnings: readonly string[];
    equity: KnownEquity;
    sizing: readonly SizingReportRow[];
  },
): string {
  const lines = [`stage ${stage}: ${paint('the settings are valid', 'green')}`];
  for (const warning of value.warnings) lines.push(`${paint('warning', 'yellow')} ${plain(warning)}`);
  lines.push(`equity ${moneyText(value.equity.quote)} (${value.equity.from})`, '');
  const rows = value.sizing.map((row) => [
    row.symbol,
    row.smallestOrderOk === false ? paint(moneyText(row.smallestOrderQuote), 'red') : moneyText(row.smallestOrderQuote),
    moneyText(row.minNotionalQuote),
    moneyText(row.smallestTradeQuote),
    moneyText(row.largestPositionQuote),
    row.limitedBy ?? '-',
  ]);
  lines.push(
    table(['SYMBOL', 'SMALLEST ORDER', 'VENUE MINIMUM', 'SMALLEST TRADE', 'LARGEST POSITION', 'LIMITED BY'], rows),
  );
  const tooSmall = value.sizing.filter((row) => row.smallestOrderOk === false);
  if (tooSmall.length > 0) {
    const names = tooSmall.map((row) => row.symbol).join(', ');
    lines.push('', paint(`one unit of direction is below the smallest order of the venue: ${names}`, 'red'));
    lines.push('raise reconciliation_engine.risk_pos_size (or risk_pos_percentage)');
  }
  return lines.join('\n');
}
