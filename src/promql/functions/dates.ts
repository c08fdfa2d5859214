// Calendar functions of a time in seconds since the epoch, in UTC.

/**
 * Returns year, month (1 to 12) and day (1 to 31) of a number of days since 1970-01-01, in the proleptic Gregorian
 * calendar.
 */
function civilDate(day: number): { year: number; month: number; day: number } {
  // Years start in March, so that the leap day is the last day of a year. 400 years have 146,097 days.
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  };
}

/** Returns the first day of a year, in days since 1970-01-01. */
function firstDayOf(year: number): number {
  const before = year - 1;
  return (
    365 * (year - 1970) +
    (Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400)) -
    (Math.floor(1969 / 4) - Math.floor(1969 / 100) + Math.floor(1969 / 400))
  );
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const DAY_S = 86_400;

const TWO_TO_63 = 2 ** 63;

/**
 * Truncates to whole seconds as Go does on amd64: NaN and values beyond 64-bit integers become the smallest one, which
 * Go's calendar wraps around to 2^63.
 */
function wholeSeconds(seconds: number): number {
  return seconds >= -TWO_TO_63 && seconds < TWO_TO_63 ? Math.trunc(seconds) : TWO_TO_63;
}

/** Returns the second of the day, from 0 to 86,399. */
function secondOfDay(seconds: number): number {
  // The remainder is exact; a product of this size would be rounded.
  const rest = wholeSeconds(seconds) % DAY_S;
  return rest < 0 ? rest + DAY_S : rest;
}

/** Returns the day in days since 1970-01-01. */
function dayOf(seconds: number): number {
  return Math.round((wholeSeconds(seconds) - secondOfDay(seconds)) / DAY_S);
}

/**
 * Calendar functions by name. Their argument is seconds since the epoch, truncated to whole seconds.
 *
 * Source: Prometheus, promql/functions.go (`dateWrapper` and its callers).
 */
export const DATE_FUNCTIONS: ReadonlyMap<string, (seconds: number) => number> = new Map([
  ['year', (seconds: number) => civilDate(dayOf(seconds)).year],
  ['month', (seconds: number) => civilDate(dayOf(seconds)).month],
  ['day_of_month', (seconds: number) => civilDate(dayOf(seconds)).day],
  [
    'day_of_year',
    (seconds: number) => {
      const day = dayOf(seconds);
      return day - firstDayOf(civilDate(day).year) + 1;
    },
  ],
  [
    'day_of_week',
    // 1970-01-01 was a Thursday; Sunday is 0.
    (seconds: number) => {
      const day = dayOf(seconds) + 4;
      return day - Math.floor(day / 7) * 7;
    },
  ],
  [
    'days_in_month',
    (seconds: number) => {
      const { year, month } = civilDate(dayOf(seconds));
      if (month === 2 && isLeap(year)) return 29;
      return DAYS_IN_MONTH[month - 1] ?? NaN;
    },
  ],
  ['hour', (seconds: number) => Math.floor(secondOfDay(seconds) / 3600)],
  ['minute', (seconds: number) => Math.floor((secondOfDay(seconds) % 3600) / 60)],
]);
