import type { Db } from '#shared/adapters/sql/open-database.ts';
import { sqlInstrumentsRepository } from '#shared/adapters/sql/repositories/instruments-repository.ts';
import { sqlSystemStateRepository } from '#shared/adapters/sql/repositories/system-state-repository.ts';
import { anInstrument, manageAsOurs } from './instruments.ts';
import { ACCOUNT } from './system.ts';

export const EXCHANGE = 'hyperliquid';
export const NOW_MS = 1_700_000_000_000;
export const ORDER_ID = `0x00c0ffee${'1'.repeat(24)}`;

/** What a decision about one symbol stores, in the planner's words. */
export const decisionInputs = {
  desired: {
    kind: 'known',
    size: '0.002',
    rule: 'runs',
    direction: 3,
    unitQuote: '20.25',
    runs: { live: 20, fresh: 20, eligible: 7, direction: 3, pnlQuote: '12.5', newestUpdateMs: NOW_MS - 2_000 },
    dataState: 'live',
    target: '0.002',
    limitedBy: null,
    capQuote: '50',
    leverage: 10,
  },
  actual: { kind: 'agreed', size: '0', source: 'own-table' },
  sources: [
    {
      source: 'observer:a',
      size: null,
      venueTimeMs: null,
      complete: false,
      error: 'never wrote',
      ageMs: null,
      notCounting: 'unreadable',
    },
    {
      source: 'own-table',
      size: '0',
      venueTimeMs: NOW_MS - 3_000,
      complete: true,
      error: null,
      ageMs: 3_000,
      notCounting: null,
    },
  ],
  quorum: { quorum: 2, maxAgeMs: 300_000, settledAtMs: 0 },
  price: { price: '30000', from: 'last', ageMs: 500, fresh: true },
  money: { equityQuote: '10000', budgetQuote: '100', marginUsedQuote: '0', unseenMarginQuote: '0' },
  exitAttempts: 0,
  holdReason: null,
  state: 'HEALTHY',
  lockMode: null,
  minimumTradeQuote: '20',
};

/** A small platform that has traded: BTC with a position and a filled order, `others` idle symbols. */
export async function seedPlatform(db: Db, others = 1): Promise<void> {
  const coins = ['BTC', ...Array.from({ length: others }, (_, i) => `C${i}`)];
  const instruments = sqlInstrumentsRepository(db);
  await instruments.replaceAll(
    EXCHANGE,
    coins.map((coin, assetId) => anInstrument(coin, { assetId })),
    NOW_MS,
  );
  const symbols = coins.map((coin) => `${coin}/USDC:USDC`);
  await manageAsOurs(instruments, EXCHANGE, symbols, NOW_MS - 3_600_000);
  await sqlSystemStateRepository(db).compareAndSet(
    {
      exchange: EXCHANGE,
      state: 'HEALTHY',
      lockMode: null,
      reason: 'test',
      changedBy: 'janitor',
      changedAtMs: NOW_MS - 60_000,
      approved: true,
      version: 1,
    },
    0,
  );
  const owner = { exchange: EXCHANGE, account: ACCOUNT };
  await db
    .insertInto('account_snapshots')
    .values({
      ...owner,
      venue_time_ms: NOW_MS - 3_000,
      stored_at_ms: NOW_MS - 2_900,
      complete: 1,
      equity_quote: '10010.5',
      margin_used_quote: '6',
      maintenance_margin_quote: '3',
      withdrawable_quote: '10000',
      sub_accounts_json: '[]',
    })
    .execute();
  const position = {
    ...owner,
    entry_price: '29990',
    value_quote: '60',
    unrealized_pnl_quote: '0.02',
    margin_used_quote: '6',
    liquidation_price: null,
    venue_time_ms: NOW_MS - 3_000,
  };
  await db
    .insertInto('positions')
    .values([
      { ...position, symbol: 'BTC/USDC:USDC', coin: 'BTC', size: '0.002' },
      { ...position, symbol: 'DOGE/USDC:USDC', coin: 'DOGE', size: '-5' },
    ])
    .execute();
  for (const coin of coins) {
    const symbol = `${coin}/USDC:USDC`;
    await db
      .insertInto('latest_prices')
      .values({
        exchange: EXCHANGE,
        symbol,
        price: '30000',
        trade_id: 't',
        venue_time_ms: NOW_MS - 500,
        received_at_ms: NOW_MS - 400,
        mark_price: '30001',
        mark_time_ms: NOW_MS - 9_000,
      })
      .execute();
    for (const [n, kind] of ['refusal', 'order'].entries()) {
      await db
        .insertInto('decisions')
        .values({
          ...owner,
          id: `${coin}-${n}`,
          cycle_id: `c${n}`,
          symbol,
          epoch: n,
          kind,
          code: kind === 'order' ? 'open' : 'no-quorum',
          message: kind === 'order' ? 'buy 0.002' : 'too few sources of the position count',
          desired_size: '0.002',
          actual_size: '0',
          client_order_id: coin === 'BTC' && n === 1 ? ORDER_ID : null,
          inputs_json: JSON.stringify(decisionInputs),
          correlation_id: 'corr',
          episode_count: 1 + n,
          created_at_ms: NOW_MS - 60_000 + n,
          last_at_ms: NOW_MS - 50_000 + n,
        })
        .execute();
    }
    await db
      .insertInto('runs')
      .values({
        creation_key: coin,
        exchange: EXCHANGE,
        symbol,
        strategy: 'ema-crossover',
        params_json: '{}',
        state: 's',
        position_direction: 1,
        live_pnl_micros: 1_500_000,
        start_balance_micros: 7e9,
        end_balance_micros: null,
        height: null,
        exit_run: 0,
        end_reason: null,
        started_at_ms: NOW_MS - 7_200_000,
        ended_at_ms: null,
        updated_at_ms: NOW_MS - 1_000,
      })
      .execute();
  }
  await db
    .insertInto('order_execution_log')
    .values({
      ...owner,
      client_order_id: ORDER_ID,
      symbol: 'BTC/USDC:USDC',
      epoch: 1,
      leg: 0,
      decision_id: 'BTC-1',
      order_class: 'open',
      side: 'buy',
      size: '0.002',
      limit_price: '30150',
      time_in_force: 'Ioc',
      reduce_only: 0,
      status: 'filled',
      venue_order_id: '77',
      filled_size: '0.002',
      average_price: '29990',
      error_code: null,
      error_message: null,
      idempotency_key: null,
      request_hash: null,
      created_at_ms: NOW_MS - 59_000,
      expires_at_ms: NOW_MS - 29_000,
      sent_at_ms: NOW_MS - 58_990,
      answered_at_ms: NOW_MS - 58_980,
      ended_at_ms: NOW_MS - 58_970,
      venue_ended_at_ms: NOW_MS - 58_975,
      correlation_id: 'corr',
      born_at_ms: NOW_MS - 59_010,
    })
    .execute();
  await db
    .insertInto('fills')
    .values({
      ...owner,
      trade_id: '900',
      venue_order_id: '77',
      client_order_id: ORDER_ID,
      symbol: 'BTC/USDC:USDC',
      side: 'buy',
      price: '29990',
      size: '0.002',
      fee_quote: '0.027',
      fee_micros: 27_000,
      closed_pnl_quote: '1.25',
      closed_pnl_micros: 1_250_000,
      start_position: '0',
      crossed: 1,
      liquidation: 0,
      ours: 1,
      venue_time_ms: NOW_MS - 58_975,
      stored_at_ms: NOW_MS - 58_000,
    })
    .execute();
  for (const [n, equity] of ['10000', '10010.5'].entries()) {
    await db
      .insertInto('balance_history')
      .values({
        ...owner,
        venue_time_ms: NOW_MS - 60_000 + n * 57_000,
        equity_quote: equity,
        margin_used_quote: '6',
        maintenance_margin_quote: '3',
        net_transfers_quote: '0',
        complete: 1,
      })
      .execute();
  }
}
