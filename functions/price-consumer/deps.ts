import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { NoteFeedStatusDeps } from '#shared/usecases/note-feed-status.ts';
import type { StorePricesDeps } from '#shared/usecases/store-prices.ts';

export type PriceConsumerDeps = StorePricesDeps & NoteFeedStatusDeps & { readonly telemetry: Telemetry };
