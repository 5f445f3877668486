import type { PlatformSnapshot, SymbolSnapshot } from '#shared/messages/platform-snapshot.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { ageText, moneyText, orDash, plain, table } from '../format.ts';

type Answer = Pick<PlatformSnapshot, 'nowMs' | 'money' | 'foreignPositions'> & { positions: readonly SymbolSnapshot[] };

/** `3t positions`: desired, actual and what the quorum said, symbol by symbol. */
export async function positions(ctx: CommandContext): Promise<ExitCode> {
  const answer = await ctx.read<Answer>('/api/positions');
  ctx.print(answer, () => {
    const rows = answer.positions.map((s) => positionRow(ctx, s));
    const header = [
      'SYMBOL',
      'DESIRED',
      'ACTUAL',
      'AGE',
      'PRICE',
      'AGE',
      'VALUE',
      'UNREALISED',
      'RUNS',
      'LAST DECISION',
    ];
    const foreign = answer.foreignPositions.map((p) => [p.symbol, p.size, moneyText(p.valueQuote), ageText(p.ageMs)]);
    const parts = [table(header, rows)];
    const causes = [...new Set(answer.positions.flatMap(({ cause }) => cause ?? []))];
    if (causes.length > 0) parts.push('', ...causes.map((cause) => ctx.paint(plain(cause), 'yellow')));
    if (foreign.length > 0)
      parts.push('', 'not managed, not touched:', table(['SYMBOL', 'SIZE', 'VALUE', 'AGE'], foreign));
    return parts.join('\n');
  });
  return EXIT.ok;
}

function positionRow({ paint }: CommandContext, s: SymbolSnapshot): string[] {
  const grey = (text: string, stale: boolean) => (stale ? paint(text, 'grey') : text);
  const marks = [s.hold ? `HOLD ${s.hold}` : '', s.released ? 'released' : s.managed ? '' : 'closing'].filter(Boolean);
  const decision = s.decision
    ? `${s.decision.code}, ${ageText(s.decision.ageMs)} ago: ${plain(s.decision.message)}`
    : '-';
  return [
    marks.length > 0 ? `${s.symbol} ${paint(`[${marks.join(', ')}]`, 'yellow')}` : s.symbol,
    // Nobody desires anything where the operator trades.
    s.desired && !s.released
      ? (s.desired.size ?? `unknown: ${orDash(s.desired.reason)}${s.cause ? ' (price feed, see below)' : ''}`)
      : '-',
    s.actual ? grey(s.actual.size, s.actual.stale) : 'unknown',
    s.actual ? grey(ageText(s.actual.ageMs), s.actual.stale) : '-',
    s.price ? grey(s.price.price, s.price.stale) : '-',
    s.price ? grey(ageText(s.price.ageMs), s.price.stale) : '-',
    moneyText(s.valueQuote),
    moneyText(s.unrealizedPnlQuote),
    `${s.runs.live}`,
    decision,
  ];
}
