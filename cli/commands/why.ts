import type { Explanation } from '#shared/usecases/explain.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { ageText, plain, timeText } from '../format.ts';

/** `3t why <symbol|orderId>`: the decision and everything it rested on, from stored rows. */
export async function why(ctx: CommandContext, subject: string): Promise<ExitCode> {
  const answer = await ctx.read<Explanation & { nowMs: number }>(`/api/why/${encodeURIComponent(subject)}`);
  ctx.print(answer, () => {
    const { decision } = answer;
    const head = decision
      ? `${answer.symbol}  ${timeText(decision.createdAtMs)} UTC, last ${ageText(answer.nowMs - decision.lastAtMs)} ago, decision ${decision.id}`
      : `${answer.symbol}  no stored decision`;
    const sections = answer.sections.map(({ title, lines }) =>
      [ctx.paint(title, 'bold'), ...lines.map((line) => `  ${plain(line)}`)].join('\n'),
    );
    return [head, ...sections].join('\n\n');
  });
  return EXIT.ok;
}
