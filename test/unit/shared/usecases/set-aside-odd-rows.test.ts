import { describe, expect, it } from 'vitest';
import { type OddList, oddRow } from '#shared/core/odd-row.ts';
import { setAsideOddRows } from '#shared/usecases/set-aside-odd-rows.ts';
import { manualClock } from '#test/support/manual-clock.ts';
import { memoryDatabase } from '#test/support/memory-database.ts';
import { storedAlerts } from '#test/support/stored-alerts.ts';
import { storedDeadLetters } from '#test/support/stored-dead-letters.ts';

const BTC = 'BTC/USDC:USDC';
const row = (list: OddList, key: string | null, symbol: string | null = BTC) =>
  oddRow({ list, key, symbol, why: 'sz: expected a number', row: { sz: 1, key }, venueTimeMs: 5 });

function shelf() {
  const clock = manualClock();
  const db = memoryDatabase();
  const deps = { alerts: storedAlerts(clock, db), deadLetters: storedDeadLetters(clock, db) };
  const aside = (...rows: ReturnType<typeof row>[]) => setAsideOddRows(deps, 'hyperliquid', rows);
  return { ...deps, aside };
}

describe('setAsideOddRows', () => {
  it('stores each with its payload once, and raises one alert for a list and symbol', async () => {
    const { aside, deadLetters, alerts } = shelf();
    expect(await aside(row('fills', 'a'), row('fills', 'b'), row('ledger', 'a', null))).toHaveLength(3);
    expect(await aside(row('fills', 'a'), row('fills', 'c'))).toMatchObject([{ key: 'c' }]);

    expect((await deadLetters.letters()).map((l) => [l.source, l.recordId, l.payload])).toEqual([
      ['hyperliquid:fills', 'a', '{"sz":1,"key":"a"}'],
      ['hyperliquid:fills', 'b', '{"sz":1,"key":"b"}'],
      ['hyperliquid:ledger', 'a', '{"sz":1,"key":"a"}'],
      ['hyperliquid:fills', 'c', '{"sz":1,"key":"c"}'],
    ]);
    expect((await alerts.raised()).map((a) => [a.id, a.kind, a.severity, a.count, a.detail.count])).toEqual([
      [`odd-row:hyperliquid:fills:${BTC}`, 'odd-row', 'critical', 2, 1],
      ['odd-row:hyperliquid:ledger:', 'odd-row', 'critical', 1, 1],
    ]);
  });

  it('raises again what is there now, and tells once what happened once', async () => {
    const { aside, alerts, deadLetters } = shelf();
    for (let i = 0; i < 3; i += 1) await aside(row('positions', 'BTC'), row('candles', 'x'));
    expect((await alerts.raised()).map((a) => [a.detail.list, a.severity, a.count])).toEqual([
      ['positions', 'critical', 3],
      ['candles', 'warning', 1],
    ]);
    expect(await deadLetters.letters()).toHaveLength(2);
  });

  it('names a row by its payload where it has no other name, and keeps a bounded number of a flood', async () => {
    const { aside, deadLetters } = shelf();
    await aside(row('fills', null, null));
    expect((await deadLetters.letters())[0]?.recordId).toBe('{"sz":1,"key":null}');
    expect(await aside(...Array.from({ length: 500 }, (_, i) => row('fills', `k${i}`)))).toHaveLength(500);
    expect(await deadLetters.letters()).toHaveLength(51);
  });
});
