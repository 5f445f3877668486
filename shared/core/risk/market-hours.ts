import type { EpochMs } from '../time.ts';

/** `european-week`: Monday 00:00 to Friday 22:59:59 in Rome; closed on 1 January, 25 December and Good Friday. */
export type TradingCalendar = 'always' | 'european-week';

export type MarketHours =
  | { readonly open: true }
  | { readonly open: false; readonly reason: 'weekend' | 'holiday'; readonly localTime: string };

const OPEN: MarketHours = { open: true };
const FRIDAY = 5;
const FRIDAY_CLOSE_HOUR = 23;

/** Time zone of the original's calendar; Vatican City keeps Rome's clocks (CET/CEST). */
const ROME = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Rome',
  calendar: 'gregory',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** Whether exposure may grow at `nowMs`. Reductions never ask. */
export function marketHours(calendar: TradingCalendar, nowMs: EpochMs): MarketHours {
  if (calendar === 'always') return OPEN;
  const part = Object.fromEntries(ROME.formatToParts(nowMs).map((p) => [p.type, Number(p.value)]));
  const year = part.year!;
  const month = part.month!;
  const day = part.day!;
  const two = (n: number) => String(n).padStart(2, '0');
  const localTime = `${year}-${two(month)}-${two(day)} ${two(part.hour!)}:${two(part.minute!)} Europe/Rome`;
  if (isHoliday(year, month, day)) return { open: false, reason: 'holiday', localTime };
  const weekday = dayNumber(year, month, day) % 7;
  const weekend = weekday === 0 || weekday > FRIDAY || (weekday === FRIDAY && part.hour! >= FRIDAY_CLOSE_HOUR);
  return weekend ? { open: false, reason: 'weekend', localTime } : OPEN;
}

function isHoliday(year: number, month: number, day: number): boolean {
  if (month === 1 && day === 1) return true;
  if (month === 12 && day === 25) return true;
  const easter = easterSunday(year);
  return dayNumber(year, month, day) === dayNumber(year, easter.month, easter.day) - 2;
}

/** Days since a Sunday: `% 7` is the weekday, 0 Sunday. 1970-01-01 was a Thursday. */
const dayNumber = (year: number, month: number, day: number): number =>
  Math.floor(Date.UTC(year, month - 1, day) / 86_400_000) + 4;

/** Anonymous Gregorian computus (Meeus, Astronomical Algorithms, ch. 8). https://en.wikipedia.org/wiki/Date_of_Easter */
export function easterSunday(year: number): { readonly month: number; readonly day: number } {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return { month: Math.floor(n / 31), day: (n % 31) + 1 };
}
