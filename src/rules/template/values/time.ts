// Times with a layout. Source: Go, time (`Time.Format`, `Time.String`).

import { calendarOf, type Calendar, MONTHS, WEEKDAYS } from './calendar.js';

/** Prints a time in UTC as Go's `Time.String` does. */
export function timeText(ns: bigint): string {
  return formatTime(ns, '2006-01-02 15:04:05.999999999 -0700 MST');
}

/** Prints a time as a Go expression, as `%#v` does. */
export function goTimeText(ns: bigint): string {
  const { year, month, day, hour, minute, second, nanosecond } = calendarOf(ns);
  const parts = [year, `time.${MONTHS[month - 1]!}`, day, hour, minute, second, nanosecond, 'time.UTC'];
  return `time.Date(${parts.join(', ')})`;
}

/** Elements of a layout. A longer one stands before its own beginning. */
const ELEMENT =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|_2006|__2|_2|002|0[1-6]|15|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|PM|pm|[.,]0+(?![0-9])|[.,]9+(?![0-9])|[1-5]/g;

/** Prints a time in UTC with Go's layout: a form of the time Mon Jan 2 15:04:05 2006. */
export function formatTime(ns: bigint, layout: string): string {
  const calendar = calendarOf(ns);
  return layout.replace(ELEMENT, (element) => formatElement(calendar, element));
}

function formatElement(calendar: Calendar, element: string): string {
  const { year, month, day, weekday, yearDay, hour, minute, second, nanosecond } = calendar;
  if (/^[.,][09]/.test(element)) {
    const digits = String(nanosecond)
      .padStart(9, '0')
      .slice(0, element.length - 1);
    if (element[1] === '0') return element[0]! + digits;
    const trimmed = digits.replace(/0+$/, '');
    return trimmed === '' ? '' : element[0]! + trimmed;
  }
  const two = (value: number): string => String(value).padStart(2, '0');
  switch (element) {
    case 'January':
      return MONTHS[month - 1]!;
    case 'Jan':
      return MONTHS[month - 1]!.slice(0, 3);
    case 'Monday':
      return WEEKDAYS[weekday]!;
    case 'Mon':
      return WEEKDAYS[weekday]!.slice(0, 3);
    case 'MST':
      return 'UTC';
    case '2006':
      return printYear(year);
    case '_2006':
      return `_${printYear(year)}`;
    case '__2':
      return String(yearDay).padStart(3, ' ');
    case '_2':
      return String(day).padStart(2, ' ');
    case '002':
      return String(yearDay).padStart(3, '0');
    case '01':
      return two(month);
    case '02':
      return two(day);
    case '03':
      return two(hour % 12 === 0 ? 12 : hour % 12);
    case '04':
      return two(minute);
    case '05':
      return two(second);
    case '06':
      return two(((year % 100) + 100) % 100);
    case '15':
      return two(hour);
    case '1':
      return String(month);
    case '2':
      return String(day);
    case '3':
      return String(hour % 12 === 0 ? 12 : hour % 12);
    case '4':
      return String(minute);
    case '5':
      return String(second);
    case 'PM':
      return hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return hour >= 12 ? 'pm' : 'am';
    default:
      return printZone(element);
  }
}

function printYear(year: number): string {
  return (year < 0 ? '-' : '') + String(Math.abs(year)).padStart(4, '0');
}

/** Prints UTC. */
function printZone(element: string): string {
  return element.startsWith('Z') ? 'Z' : element.replace('-', '+').replaceAll('7', '0');
}
