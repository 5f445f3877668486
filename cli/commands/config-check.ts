import { ConfigError, problemLine } from '#config/config-error.ts';
import { type LoadedConfig, loadConfig } from '#config/load.ts';
import type { SizingReportRow } from '#shared/core/risk/sizing-report.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { moneyText, plain, table } from '../format.ts';
import { checkSizing, type KnownEquity } from '../sizing-check.ts';
import { checksOf } from '../stage-client.ts';

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
  const { equity, rows, warnings: blocked } = await checkSizing(ctx, config, options.equity);
  const tooSmall = rows.filter((row) => row.smallestOrderOk === false);
  const all = [...warnings, ...blocked];
  const value = { ok: tooSmall.length === 0, stage: ctx.stage, problems: [], warnings: all, equity, sizing: rows };
  ctx.print(value, () => configText(ctx, value));
  return tooSmall.length === 0 ? EXIT.ok : EXIT.failed;
}

function load(ctx: CommandContext, options: ConfigCheckOptions): LoadedConfig | null {
  try {
    return loadConfig({ stage: ctx.stage, overrides: options.config, checks: checksOf(ctx.stage) });
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
