import type { Telemetry } from '#shared/ports/telemetry.ts';
import type { StorePricesDeps } from '#shared/usecases/store-prices.ts';

export type PriceConsumerDeps = StorePricesDeps & { readonly telemetry: Telemetry };
