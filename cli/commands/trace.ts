import type { Chain } from '#shared/usecases/trace-chain.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { orDash, plain, table, timeText } from '../format.ts';

/** `3t trace <correlationId|orderId>`: tick → decision → order → fills, from stored rows. */
export async function trace(ctx: CommandContext, subject: string): Promise<ExitCode> {
  const answer = await ctx.read<Chain & { nowMs: number }>(`/api/trace/${encodeURIComponent(subject)}`);
  ctx.print(answer, () => {
    const { correlationId, bornAtMs, steps } = answer;
    const began = bornAtMs ?? steps[0]?.atMs ?? 0;
    const rows = steps.map(({ atMs, kind, symbol, id, text }) => [
      timeText(atMs),
      `${atMs < began ? '' : '+'}${atMs - began} ms`,
      kind,
      orDash(symbol),
      plain(text),
      orDash(id),
    ]);
    return [
      ctx.paint(`chain ${correlationId}`, 'bold'),
      table(['TIME (UTC)', 'SINCE', 'STEP', 'SYMBOL', 'WHAT', 'ID'], rows),
    ].join('\n');
  });
  return EXIT.ok;
}
