import { isDue } from '#shared/core/age.ts';
import { DAY_MS } from '#shared/core/time.ts';
import type { PlatformSnapshot } from '#shared/messages/platform-snapshot.ts';
import type { AlertView } from '#shared/ports/repositories/read-model.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { ageText, moneyText, orDash, plain, table } from '../format.ts';
import { listPath } from '../list-path.ts';
import { checkAlarms } from '../stage-alarms.ts';
import { stageConfig } from '../stage-client.ts';
import type { StoredSource } from '../stored-platform.ts';

const ALERTS_SHOWN = 5;

const GOOD: Readonly<Record<string, 'green' | 'yellow' | 'red'>> = {
  HEALTHY: 'green',
  RECONCILING: 'yellow',
  BOOTSTRAPPING: 'yellow',
  DEGRADED: 'yellow',
  AUDITING: 'yellow',
};

/** `3t status`: state and what it waits for, money, counts, jobs. Exit 1 when the system is not HEALTHY. */
export async function status(ctx: CommandContext): Promise<ExitCode> {
  const snapshot = await ctx.read<PlatformSnapshot>('/api/status');
  // A stage without an address says so in `doctor`; one whose address never answered says so whenever somebody looks.
  const alarms = ctx.deployed && stageConfig(ctx.stage).aws.alarm_email !== null ? await checkAlarms(ctx) : null;
  const alerts = snapshot.counts.alerts > 0 && !ctx.json ? await recentAlerts(ctx) : [];
  ctx.print(snapshot, () => statusText(ctx, snapshot, alerts));
  // Beside the snapshot, which is the platform's own: stays readable for programs.
  if (alarms !== null && alarms.verdict !== 'ok') ctx.io.err(ctx.paint(plain(alarms.detail), 'yellow'));
  // What was stored is no proof of life.
  if (snapshot.stored !== undefined) return EXIT.notRunning;
  return snapshot.system?.state === 'HEALTHY' ? EXIT.ok : EXIT.failed;
}

/** The newest of the last day: what the count alone would leave to be guessed. The runbook has a section for each kind. */
async function recentAlerts(ctx: CommandContext): Promise<readonly string[]> {
  const path = listPath('/api/alerts', { limit: ALERTS_SHOWN });
  const { nowMs, alerts } = await ctx.read<{ nowMs: number; alerts: readonly AlertView[] }>(path);
  return alerts
    .filter((alert) => !isDue(alert.lastAtMs, nowMs, DAY_MS))
    .map(({ kind, severity, symbol, message, count, lastAtMs }) => {
      const subject = symbol === null ? kind : `${kind} ${symbol}`;
      const times = count > 1 ? `, ${count} times` : '';
      const word = ctx.paint('alert', severity === 'critical' ? 'red' : 'yellow');
      return `${word} ${subject} ${ageText(nowMs - lastAtMs)} ago${times}: ${plain(message)}`;
    });
}

function statusText(
  { paint }: CommandContext,
  s: PlatformSnapshot & { readonly stored?: StoredSource },
  alerts: readonly string[],
): string {
  const lines: string[] = [];
  const { system, money, counts } = s;
  if (system) {
    const mode = system.lockMode === null ? '' : ` (${system.lockMode})`;
    const name = s.stored
      ? paint(`NOT RUNNING, last ${system.state}${mode}`, 'red')
      : paint(`${system.state}${mode}`, GOOD[system.state] ?? 'red');
    const age = ageText(s.nowMs - system.changedAtMs);
    lines.push(`${s.exchange}  ${name}  since ${age}, by ${plain(system.changedBy)}: ${plain(system.reason)}`);
    for (const gap of system.missing)
      lines.push(`  ${paint('waits for', 'yellow')} ${gap.code}: ${plain(gap.message)}`);
  } else lines.push(`${s.exchange}  ${paint('no state yet', 'red')}`);
  for (const { check, ok, problem } of s.readiness?.checks ?? []) {
    const word = ok ? check : `not ready, ${check}`;
    if (check !== 'state' && problem !== null) lines.push(`  ${paint(word, 'yellow')}: ${plain(problem)}`);
  }
  if (money) {
    const stale = money.stale ? paint(' stale', 'grey') : '';
    const partial = money.complete ? '' : paint(' incomplete', 'yellow');
    const equityAge = ageText(money.equityAgeMs ?? money.ageMs);
    lines.push(
      `equity ${moneyText(money.equityQuote)}, margin used ${moneyText(money.marginUsedQuote)} (${equityAge} old), unrealised ${moneyText(money.unrealizedPnlQuote)} (${ageText(money.ageMs)} old)${stale}${partial}`,
    );
    if (money.doubt)
      lines.push(`  ${paint(`equity unknown, ${money.doubt.code}`, 'red')}: ${plain(money.doubt.message)}`);
  } else lines.push(`equity ${paint('unknown', 'yellow')}: no snapshot yet`);
  if (s.takeProfit?.latched) lines.push(paint(`stopped by ${s.takeProfit.latched}: desired is zero`, 'yellow'));
  const unknown = counts.unknownOrders > 0 ? paint(` (${counts.unknownOrders} unknown)`, 'red') : '';
  lines.push(
    `${counts.openPositions} positions, ${counts.workingOrders} working orders${unknown}, ${counts.liveRuns} runs, ${counts.holds} holds, ${counts.alerts} alerts, ${counts.deadLetters} dead letters`,
  );
  if (s.lastRefusal) {
    const { symbol, code, message, ageMs } = s.lastRefusal;
    lines.push(`last refusal ${symbol} ${code} ${ageText(ageMs)} ago: ${plain(message)}`);
  }
  lines.push(...alerts);
  if (alerts.length === ALERTS_SHOWN && counts.alerts > ALERTS_SHOWN)
    lines.push(`and ${counts.alerts - ALERTS_SHOWN} more alerts: the page lists them`);
  const rows = s.jobs.map((job) => [
    job.stale ? paint(job.job, 'yellow') : job.job,
    job.okAgeMs === null ? 'never' : `${ageText(job.okAgeMs)} ago`,
    orDash(job.lastError ?? (job.partly ? `in part: ${plain(job.partly)}` : null)),
  ]);
  lines.push('', table(['JOB', 'LAST OK', 'ERROR'], rows));
  return lines.join('\n');
}
