import type { OrderView } from '#shared/messages/platform-snapshot.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { orDash, table, timeText } from '../format.ts';
import { type ListOptions, listPath } from '../list-path.ts';
import { type SymbolChange, tell } from './symbols.ts';

/** `3t orders`: newest first. */
export async function orders(
  ctx: CommandContext,
  options: ListOptions & { readonly working?: boolean },
): Promise<ExitCode> {
  const path = listPath('/api/orders', options, options.working ? { working: 'true' } : {});
  const answer = await ctx.read<{ nowMs: number; orders: readonly OrderView[] }>(path);
  ctx.print(answer, () =>
    table(
      ['TIME (UTC)', 'SYMBOL', 'CLASS', 'SIDE', 'SIZE', 'LIMIT', 'STATUS', 'FILLED', 'AT', 'ERROR', 'ID'],
      answer.orders.map((o) => [
        timeText(o.createdAtMs),
        o.symbol,
        o.orderClass,
        o.side,
        o.size,
        o.limitPrice,
        statusText(ctx, o.status),
        o.filledSize,
        orDash(o.averagePrice),
        o.errorCode === null ? '-' : `${orDash(o.errorCode)}: ${orDash(o.errorMessage)}`,
        o.clientOrderId,
      ]),
    ),
  );
  return EXIT.ok;
}

/** `3t orders resolve <client order id> --filled <size|all> --reason …`: ends an order that the order tracker has given up on. */
export async function resolveOrder(
  ctx: CommandContext,
  clientOrderId: string,
  { filled, reason }: { readonly filled: string; readonly reason: string },
): Promise<ExitCode> {
  return tell(ctx, await ctx.platform().post<SymbolChange>('/api/orders/resolve', { clientOrderId, filled, reason }));
}

function statusText({ paint }: CommandContext, status: string): string {
  if (status === 'filled') return paint(status, 'green');
  if (status === 'unknown' || status === 'rejected') return paint(status, 'red');
  return ['expired', 'cancelled'].includes(status) ? paint(status, 'grey') : paint(status, 'yellow');
}
