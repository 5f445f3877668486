import { type Decimal, dec, ZERO } from '#shared/core/decimal.ts';
import type { AccountState, VenuePosition } from '#shared/core/portfolio/account-state.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';

/** The figures of a complete view of the account. */
export function reportAccount(
  telemetry: Telemetry,
  state: AccountState,
  labels: Readonly<Record<string, string>>,
): void {
  const { positions } = state;
  const tell = (name: string, value: number) => telemetry.gauge(name, value, labels);
  const total = (of: (position: VenuePosition) => Decimal) => positions.reduce((sum, p) => sum.plus(of(p)), ZERO);
  const equity = dec(state.equityQuote);
  tell(metrics.equity, equity.toNumber());
  tell(metrics.marginUsed, Number(state.marginUsedQuote));
  tell(metrics.openPositions, positions.length);
  tell(metrics.positionsValue, total((p) => dec(p.valueQuote).abs()).toNumber());
  tell(metrics.unrealizedPnl, total((p) => dec(p.unrealizedPnlQuote)).toNumber());
  if (equity.gt(0)) tell(metrics.marginRatio, dec(state.marginUsedQuote).div(equity).toNumber());
}
