import { describe, expect, it } from 'vitest';
import { easterSunday, marketHours } from '#shared/core/risk/market-hours.ts';

const at = (iso: string) => marketHours('european-week', Date.parse(iso));

describe('market hours', () => {
  it.each([
    ['Monday 00:00 in summer', '2026-06-07T22:00:00Z', true],
    ['Sunday 23:59:59 in summer', '2026-06-07T21:59:59Z', false],
    ['Monday 00:00 in winter', '2026-02-01T23:00:00Z', true],
    ['Friday 22:59:59 in winter', '2026-02-06T21:59:59Z', true],
    ['Friday 23:00 in winter', '2026-02-06T22:00:00Z', false],
    ['Friday 23:00 in summer', '2026-06-12T21:00:00Z', false],
    ['Saturday', '2026-06-13T12:00:00Z', false],
    ['Wednesday', '2026-06-10T12:00:00Z', true],
  ])('%s', (_, iso, open) => {
    expect(at(iso).open).toBe(open);
  });

  it.each([
    ['1 January, from midnight in Rome', '2025-12-31T23:00:00Z'],
    ['25 December', '2025-12-25T12:00:00Z'],
    ['Good Friday 2026', '2026-04-03T10:00:00Z'],
    ['Good Friday 2027', '2027-03-26T10:00:00Z'],
  ])('is closed on %s', (_, iso) => {
    expect(at(iso)).toMatchObject({ open: false, reason: 'holiday' });
  });

  it('is always open when nobody asked for a calendar', () => {
    expect(marketHours('always', Date.parse('2025-12-25T12:00:00Z'))).toEqual({ open: true });
  });

  // Dates: https://en.wikipedia.org/wiki/List_of_dates_for_Easter
  it.each([
    [2024, 3, 31],
    [2025, 4, 20],
    [2026, 4, 5],
    [2027, 3, 28],
    [2038, 4, 25],
    [2285, 3, 22],
  ])('knows Easter %i', (year, month, day) => {
    expect(easterSunday(year)).toEqual({ month, day });
  });
});
