import { type Decimal, dec, ZERO } from '#shared/core/decimal.ts';
import type { AccountMoney, MoneyDoubt, VenuePosition } from '#shared/core/portfolio/account-state.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import { metrics } from '#shared/telemetry/names.ts';
import type { RefreshBalancesFacts } from '#shared/usecases/refresh-balances.ts';

interface Names {
  readonly exchange: string;
  readonly account: string;
}

/** The figures of a complete view of the account whose money is believed. */
export function reportAccount(
  telemetry: Telemetry,
  money: AccountMoney,
  positions: readonly VenuePosition[],
  labels: Names,
): void {
  const tell = (name: string, value: number) => telemetry.gauge(name, value, { ...labels });
  const total = (of: (position: VenuePosition) => Decimal) => positions.reduce((sum, p) => sum.plus(of(p)), ZERO);
  const equity = dec(money.equityQuote);
  tell(metrics.equity, equity.toNumber());
  tell(metrics.marginUsed, Number(money.marginUsedQuote));
  tell(metrics.openPositions, positions.length);
  tell(metrics.positionsValue, total((p) => dec(p.valueQuote).abs()).toNumber());
  tell(metrics.unrealizedPnl, total((p) => dec(p.unrealizedPnlQuote)).toNumber());
  if (equity.gt(0)) tell(metrics.marginRatio, dec(money.marginUsedQuote).div(equity).toNumber());
}

/** An alert for money that is in doubt, and for a contradiction that the observers have read as well. */
export async function alertOfMoney(
  alerts: Alerts,
  { verdict, kind }: Pick<RefreshBalancesFacts, 'verdict' | 'kind'>,
  names: Names,
): Promise<void> {
  if (verdict === null || kind !== 'stored') return;
  const doubt = verdict.kind === 'doubted' ? verdict.doubt : verdict.confirmed;
  // What could not be read is said by readiness and by the metric; it is no statement about money.
  if (doubt === null || doubt.code === 'partial-reading') return;
  const alert = verdict.kind === 'doubted' ? unknownMoney(doubt) : confirmedMoney(doubt);
  const { exchange, account } = names;
  const id = `${alert.kind}:${exchange}:${account}`;
  await alerts.raise({ ...alert, id, exchange, symbol: null, detail: { account, ...doubt.numbers } });
}

const unknownMoney = ({ code, message }: MoneyDoubt) => ({
  kind: code,
  severity: 'critical' as const,
  message: `equity is unknown: ${message}. Nothing is opened, exits go on, neither take profit nor drawdown looks at it`,
});

const confirmedMoney = ({ code, message }: MoneyDoubt) => ({
  kind: 'money-confirmed',
  severity: 'critical' as const,
  message: `equity is believed again because the observers have read the same; it was ${code}: ${message}`,
});
