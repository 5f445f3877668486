import type { InstrumentsRepository } from '#shared/ports/repositories/instruments-repository.ts';
import type { JobStateRepository } from '#shared/ports/repositories/job-state-repository.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { PlanCandleJobsDeps } from '#shared/usecases/plan-candle-jobs.ts';
import type { PruneMarketDataDeps } from '#shared/usecases/prune-market-data.ts';
import type { RefreshMarkPricesDeps } from '#shared/usecases/refresh-mark-prices.ts';
import type { SetAsideDeps } from '#shared/usecases/set-aside-odd-rows.ts';

export type MarketDataDeps = PlanCandleJobsDeps & {
  readonly instruments: Pick<InstrumentsRepository, 'products'>;
  readonly jobs: Pick<JobStateRepository, 'claimSlot' | 'recordOk' | 'recordError'>;
  readonly market: RefreshMarkPricesDeps['market'];
  readonly prices: RefreshMarkPricesDeps['prices'] & PruneMarketDataDeps['prices'];
  readonly candles: PruneMarketDataDeps['candles'];
  readonly telemetry: Telemetry;
} & SetAsideDeps;
