import type { PnlReport } from '#shared/usecases/read-pnl.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { moneyText, table, timeText } from '../format.ts';

/** `3t pnl`: equity over the last hours, realised profit and fees of all stored fills. */
export async function pnl(ctx: CommandContext, options: { readonly hours: number }): Promise<ExitCode> {
  const report = await ctx.read<PnlReport>(`/api/pnl?hours=${options.hours}`);
  ctx.print(report, () => {
    const painted = changeText(ctx, report.changeQuote);
    return [
      `last ${options.hours} h: equity ${moneyText(report.equityStartQuote)} → ${moneyText(report.equityEndQuote)}, transfers ${moneyText(report.netTransfersQuote)}, change ${painted}`,
      ...sinceStart(ctx, report),
      `all fills: realised ${moneyText(report.realizedQuote)}, fees ${moneyText(report.feesQuote)}; unrealised now ${moneyText(report.unrealizedQuote)}`,
      '',
      table(
        ['SYMBOL', 'FILLS', 'REALISED', 'FEES'],
        report.bySymbol.map((s) => [s.symbol, String(s.fills), moneyText(s.realizedQuote), moneyText(s.feesQuote)]),
      ),
    ].join('\n');
  });
  return EXIT.ok;
}

const changeText = (ctx: CommandContext, change: string | null): string =>
  change === null ? 'unknown' : ctx.paint(moneyText(change), Number(change) < 0 ? 'red' : 'green');

function sinceStart(ctx: CommandContext, { sinceStart: since }: PnlReport): string[] {
  if (!since) return [];
  const { fromMs, equityStartQuote, equityEndQuote, changeQuote } = since;
  return [
    `since before the first fill (${timeText(fromMs)} UTC): equity ${moneyText(equityStartQuote)} → ${moneyText(equityEndQuote)}, change ${changeText(ctx, changeQuote)}`,
  ];
}
