import { describe, expect, it } from 'vitest';
import type { OddRow } from '#shared/core/odd-row.ts';
import { takeProfitSettingsSchema } from '#shared/core/runs/providence-settings.ts';
import { checkTakeProfit } from '#shared/usecases/check-take-profit.ts';
import { setAsideOddRows } from '#shared/usecases/set-aside-odd-rows.ts';
import { holding, refreshedAccount } from '#test/support/refreshed-account.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { anAccountState } from '#test/support/system.ts';

describe('refreshBalances with an entry of the ledger that cannot be read', () => {
  const entry = (over: Partial<OddRow> = {}): OddRow => ({
    list: 'ledger',
    key: '0x1:airdrop',
    symbol: null,
    why: 'unknown ledger entry airdrop',
    payload: '{}',
    venueTimeMs: 45_000,
    ...over,
  });
  const settings = takeProfitSettingsSchema.parse({ threshold: 0.2 });

  /** An account that reads its balance every 30 s; gives what take profit says of each. */
  async function curve() {
    const { world, accounts, runs, refresh, deadLetters, clock } = refreshedAccount();
    let atMs = 0;
    const read = async (equityQuote: string, mark = 100) => {
      atMs += 30_000;
      clock.set(atMs);
      world.state = anAccountState(atMs - 1, { equityQuote, positions: [holding('ETH', '100', 100 * mark)] });
      const facts = await refresh();
      await setAsideOddRows({ deadLetters, alerts: storedAlerts(clock) }, 'hyperliquid', facts.odd);
      const { verdict } = await checkTakeProfit(
        { accounts, runs, clock },
        { exchange: 'hyperliquid', account: 'main', settings },
      );
      return { verdict, partly: facts.partly, error: facts.transfersError };
    };
    for (let i = 0; i < 5; i += 1) await read('10000');
    return { world, read, accounts, nowMs: () => atMs };
  }

  it('goes on, and a fall of 30 % still stops everything', async () => {
    const { world, read, nowMs } = await curve();
    world.odd = [entry({ venueTimeMs: nowMs() + 1_000, amountQuote: '1' })];
    expect(await read('10001')).toMatchObject({
      verdict: 'within',
      error: null,
      partly: expect.stringContaining('ledger'),
    });
    expect(await read('10001')).toMatchObject({ verdict: 'within', partly: null });
    expect(await read('7000', 70)).toMatchObject({ verdict: 'drawdown' });
  });

  it('stops everything on a fall of 30 % at the same time: the entry names too little for it', async () => {
    const { world, read, nowMs } = await curve();
    world.odd = [entry({ venueTimeMs: nowMs() + 1_000, amountQuote: '1' })];
    expect(await read('7000', 70)).toMatchObject({ verdict: 'drawdown' });
  });

  it.each([
    ['a deposit', '15000', null],
    ['a withdrawal', '5000', null],
    ['a deposit that it names', '15000', '5000'],
  ])('takes %s of an unknown kind neither for a profit nor for a loss', async (_, equityQuote, amountQuote) => {
    const { world, read, nowMs, accounts } = await curve();
    world.odd = [entry({ venueTimeMs: nowMs() + 1_000, amountQuote })];
    expect(await read(equityQuote)).toMatchObject({ verdict: 'within' });
    expect(await read(equityQuote)).toMatchObject({ verdict: 'within' });
    const points = await accounts.balanceHistory('hyperliquid', 'main', 0, 100);
    expect(points.at(-1)?.netTransfersQuote).toBe(String(Number(equityQuote) - 10_000));
    const fall = Number(equityQuote) * 0.3;
    expect(await read(String(Number(equityQuote) - fall), 100 - fall / 100)).toMatchObject({ verdict: 'drawdown' });
  });

  it('keeps the entry new until a point of the curve shows what it moved', async () => {
    const { world, refresh } = refreshedAccount(50_000);
    world.state = anAccountState(40_000);
    await refresh();
    world.odd = [entry({ venueTimeMs: 1_000 })];
    expect(await refresh()).toMatchObject({ kind: 'stale', odd: [], partly: expect.stringContaining('ledger') });
  });

  it('waits for the whole account before it says what the entry moved', async () => {
    const { world, refresh } = refreshedAccount(50_000);
    world.odd = [entry({ venueTimeMs: 1_000 })];
    world.state = anAccountState(40_000, { complete: false, money: null });
    expect(await refresh()).toMatchObject({ netTransfersQuote: null, odd: [] });
  });
});
