const form = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-](\d\d):(\d\d))$/;

/** Whether a text is a timestamp of RFC 3339, with a date that the calendar has. */
export function isTimestamp(text: string): boolean {
  const found = form.exec(text);
  if (found === null) return false;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // The 60th second is a leap second; which minutes had one is not ours to know.
  const timeFits = hour <= 23 && minute <= 59 && second <= 60;
  const offsetFits = Number(found[7] ?? 0) <= 23 && Number(found[8] ?? 0) <= 59;
  return timeFits && offsetFits && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
