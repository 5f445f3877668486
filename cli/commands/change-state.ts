import type { SystemState } from '#shared/core/system/system-state.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { plain } from '../format.ts';
import { type SymbolChange, tell } from './symbols.ts';

interface Answer {
  readonly changed: boolean;
  readonly state: SystemState | null;
}

function printState(ctx: CommandContext, answer: Answer): ExitCode {
  ctx.print(answer, () => {
    const { state } = answer;
    if (!state) return 'no state is stored';
    const mode = state.lockMode === null ? '' : ` (${state.lockMode})`;
    const how = answer.changed ? 'is now' : 'already was';
    return `${state.exchange} ${how} ${state.state}${mode}: ${plain(state.reason)}`;
  });
  return EXIT.ok;
}

/** `3t lock <exchange> --reason …`: at once, sticky until `unlock`. */
export async function lock(
  ctx: CommandContext,
  exchange: string,
  options: { readonly reason: string; readonly mode?: string },
): Promise<ExitCode> {
  const body = { exchange, reason: options.reason, mode: options.mode };
  return printState(ctx, await ctx.platform().post<Answer>('/api/lock', body));
}

/** `3t unlock <exchange> --reason …`: from LOCKED only; goes on through RECONCILING. */
export async function unlock(
  ctx: CommandContext,
  exchange: string,
  options: { readonly reason: string; readonly version?: number },
): Promise<ExitCode> {
  const body = { exchange, reason: options.reason, expectedVersion: options.version };
  return printState(ctx, await ctx.platform().post<Answer>('/api/unlock', body));
}

/** `3t flatten [symbol] --reason …`: everything by a flatten lock; one symbol by not managing it any more. */
export async function flatten(
  ctx: CommandContext,
  symbol: string | undefined,
  options: { readonly reason: string },
): Promise<ExitCode> {
  const platform = ctx.platform();
  if (symbol === undefined)
    return printState(ctx, await platform.post<Answer>('/api/flatten', { reason: options.reason }));
  return tell(ctx, await platform.post<SymbolChange>('/api/flatten', { symbol, reason: options.reason }));
}

/** `3t rearm <exchange> --reason …`: clears a latched take profit or drawdown; the supervisor then starts new runs. */
export async function rearm(
  ctx: CommandContext,
  exchange: string,
  options: { readonly reason: string },
): Promise<ExitCode> {
  const body = { exchange, reason: options.reason };
  const answer = await ctx.platform().post<{ changed: boolean }>('/api/rearm', body);
  ctx.print(answer, () =>
    answer.changed ? 'take profit and drawdown are armed again' : 'nothing was latched: nothing changed',
  );
  return EXIT.ok;
}

/** `3t reconcile [symbol]`: a cycle now instead of at the next slot. */
export async function reconcile(ctx: CommandContext, symbol: string | undefined): Promise<ExitCode> {
  const answer = await ctx
    .platform()
    .post<{ symbols: readonly string[] | null; correlationId: string }>('/api/reconcile', { symbol });
  ctx.print(
    answer,
    () =>
      `asked to reconcile ${answer.symbols?.join(', ') ?? 'all symbols'}; see \`3t logs --contains ${answer.correlationId}\``,
  );
  return EXIT.ok;
}
