import { isDue } from '#shared/core/age.ts';
import { SYSTEM_JOBS } from '#shared/core/system/system-jobs.ts';
import { MINUTE_MS } from '#shared/core/time.ts';
import { type FeedStatus, feedTroubleText } from '#shared/messages/feed-status.ts';
import type { Alerts } from '#shared/ports/alerts.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';

export interface NoteFeedStatusDeps {
  jobsOf(exchange: string): Pick<JobStateRepository, 'all' | 'recordOk' | 'recordError'>;
  readonly alerts: Alerts;
}

/** A lost connection alarms after this; a refusal does not heal by waiting and alarms at once. */
const PATIENCE_MS = MINUTE_MS;

/** What the feed says of itself → a row that status, page, `/ready` and `why` read, and one alert for each trouble. */
export async function noteFeedStatus(deps: NoteFeedStatusDeps, status: FeedStatus): Promise<void> {
  const { exchange, atMs, trouble } = status;
  const job = SYSTEM_JOBS.priceFeed;
  const jobs = deps.jobsOf(exchange);
  if (trouble === null) {
    await jobs.recordOk(job, atMs, { trouble: null });
    return;
  }
  const known = (await jobs.all()).find((row) => row.job === job)?.detail;
  const text = feedTroubleText(trouble);
  const isTelling = trouble.code === 'refused' || isDue(trouble.sinceMs, atMs, PATIENCE_MS);
  const wasTold = known?.toldSinceMs === trouble.sinceMs;
  if (isTelling && !wasTold) {
    await deps.alerts.raise({
      id: `price-feed:${exchange}:${trouble.code}`,
      kind: 'price-feed',
      severity: trouble.symbols.length === 0 ? 'critical' : 'warning',
      exchange,
      symbol: trouble.symbols.length === 1 ? trouble.symbols[0]! : null,
      message: text,
      detail: { ...trouble },
    });
  }
  await jobs.recordError(job, atMs, text, { trouble, toldSinceMs: isTelling ? trouble.sinceMs : null });
}
