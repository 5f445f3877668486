import { loadConfig } from '#config/load.ts';
import type { Config } from '#config/schema.ts';

/** Two of the venue's own markets and one of a HIP-3 dex. */
export const SYMBOLS = ['BTC/USDC:USDC', 'SOL/USDC:USDC', 'XYZ-CL/USDC:USDC'] as const;

/** The local stage at its fastest: a life of the platform lasts seconds here. */
export function killConfig(orderTimeoutS: number): Config {
  return loadConfig({
    stage: 'local',
    overrides: [
      `exchanges.hyperliquid.symbols=[${SYMBOLS.join(', ')}]`,
      'cadences.balance=1',
      'cadences.observer=1',
      'cadences.order_tracker=1',
      'cadences.janitor=1',
      'cadences.run_supervisor=2',
      'market_data.timeframes=[1m]',
      'market_data.lookback_bars.1m=5',
      'reconciliation_engine.rebalance_frequency=1',
      'reconciliation_engine.on_change.min_interval_s=0',
      'reconciliation_engine.live_pnl_threshold=-100000',
      `reconciliation_engine.order_timeout=${orderTimeoutS}`,
      'order_gateway.not_found_grace_s=1',
      'streams.consumers.run_strategies.window_s=0',
      'take_profit.threshold=null',
      'limits.max_orders_per_minute=10000',
      'limits.max_daily_loss=100000',
      'limits.max_daily_fees=100000',
      'resilience.retry_delays_ms=[50, 200, 500]',
      'providence.desired_run_count=0',
    ],
  }).config;
}
