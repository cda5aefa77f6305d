/**
 * The `Retry-After` header (RFC 9110, 10.2.3): whole seconds, or a date in any of the three forms that a
 * recipient has to accept (5.6.7). Each pattern is anchored and repeats nothing at will but digits, so that
 * reading takes time linear in the length of the header.
 */

const SECONDS = /^\d+$/;
/** IMF, RFC 850 and asctime. The name of the day says nothing that the date does not, so any will do. */
const DATES = [
  /^[A-Z][a-z]{2}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^[A-Z][a-z]{2,5}day, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/,
  /^[A-Z][a-z]{2} (?<month>\w{3}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
];

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Days of a common year before each month. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const DAY_MS = 86_400_000;
const YEAR_MS = 365.2425 * DAY_MS;
/** Days from the first day of year 1 to that of 1970. */
const EPOCH_DAY = 719_162;

/**
 * Milliseconds to wait from `nowMs` (wall clock, since the Unix epoch), at most `maxMs`; `undefined` where
 * there is no header, or a text that the standard does not know. A date in the past asks for no wait at all.
 */
export function retryAfterMs(
  header: string | null | undefined,
  nowMs: number,
  maxMs: number,
): number | undefined {
  const text = header?.trim() ?? '';
  const waitMs = SECONDS.test(text) ? Number(text) * 1000 : httpDateMs(text, nowMs) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), maxMs);
}

/**
 * The instant that an HTTP date names, in milliseconds since the Unix epoch; NaN for any other text, and for
 * none. `nowMs` settles the century of the obsolete form, whose years have two digits.
 */
export function httpDateMs(text: string | undefined, nowMs: number): number {
  for (const form of DATES) {
    const parts = text?.match(form)?.groups;
    if (parts === undefined) continue;
    const { day, month, year, time } = parts as Record<'day' | 'month' | 'year' | 'time', string>;
    const fullYear = year.length === 4 ? Number(year) : nearYear(Number(year), nowMs);
    return startOfDay(fullYear, MONTHS.indexOf(month), Number(day)) + timeOfDay(time);
  }
  return Number.NaN;
}

/** The latest year with these two last digits that is not more than 50 years ahead. */
function nearYear(lastDigits: number, nowMs: number): number {
  const latest = 1970 + Math.floor(nowMs / YEAR_MS) + 50;
  return latest - ((latest - lastDigits) % 100);
}

/** `month` counts from 0; NaN where there is no such day. */
function startOfDay(year: number, month: number, day: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const before = DAYS_BEFORE[month];
  if (before === undefined || day < 1) return Number.NaN;
  const leapDay = isLeap ? 1 : 0;
  if (day > DAYS_BEFORE[month + 1]! - before + (month === 1 ? leapDay : 0)) return Number.NaN;
  const past = year - 1;
  const leapDays = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  return (past * 365 + leapDays + before + (month > 1 ? leapDay : 0) + day - 1 - EPOCH_DAY) * DAY_MS;
}

/** NaN where there is no such time; a leap second is one. */
function timeOfDay(time: string): number {
  const [hour, minute, second] = time.split(':').map(Number) as [number, number, number];
  return hour > 23 || minute > 59 || second > 60 ? Number.NaN : ((hour * 60 + minute) * 60 + second) * 1000;
}
