// Methods of times, durations and histograms. Source: Go, time.

import { calendarOf, floorDiv } from '../values/calendar.js';
import { formatTime } from '../values/time.js';
import { inUnits } from '../values/duration.js';
import { stringOf } from '../values/string-of.js';
import { bool, float, int, type IntValue, string, type TimeValue, type Value } from '../values/value.js';
import { type GoFunction, type ParameterType, textOf } from './function.js';

const NO_PARAMETERS: readonly ParameterType[] = [];

/** A method without parameters. */
function reader<T>(read: (receiver: T) => Value): (receiver: T) => GoFunction {
  return (receiver) => ({ parameters: NO_PARAMETERS, call: () => read(receiver) });
}

function time(ns: bigint): TimeValue {
  return { kind: 'time', ns };
}

function duration(ns: bigint): IntValue {
  return int(ns, 'time.Duration');
}

const nsOf = (value: Value | undefined): bigint =>
  value?.kind === 'time' ? value.ns : value?.kind === 'int' ? value.value : 0n;

/** A method with a time as parameter. */
function withTime(compute: (a: bigint, b: bigint) => Value): (receiver: TimeValue) => GoFunction {
  return ({ ns }) => ({ parameters: ['time.Time'], call: ([other]) => compute(ns, nsOf(other)) });
}

/** Results of several values, which templates cannot use. */
const several = (results: number) => (): GoFunction => ({
  parameters: NO_PARAMETERS,
  results,
  call: () => bool(false),
});

/** Seconds from the year 1 to the epoch: Go rounds times since the year 1. */
const ZERO_TIME_NS = -62_135_596_800n * 1_000_000_000n;

function truncateTime(ns: bigint, unit: bigint): bigint {
  if (unit <= 0n) return ns;
  const since = ns - ZERO_TIME_NS;
  return ns - (since - floorDiv(since, unit) * unit);
}

function roundTime(ns: bigint, unit: bigint): bigint {
  if (unit <= 0n) return ns;
  const down = truncateTime(ns, unit);
  const rest = ns - down;
  return rest + rest < unit ? down : down + unit;
}

function addDate(ns: bigint, years: bigint, months: bigint, days: bigint): bigint {
  const { year, month, day } = calendarOf(ns);
  const dayNs = 86_400_000_000_000n;
  const rest = ns - floorDiv(ns, dayNs) * dayNs;
  const date = new Date(0);
  date.setUTCFullYear(year + Number(years), month - 1 + Number(months), day + Number(days));
  const ms = date.getTime();
  return Number.isNaN(ms) ? ns : BigInt(ms) * 1_000_000n + rest;
}

const TIME_METHODS: ReadonlyMap<string, (receiver: TimeValue) => GoFunction> = new Map([
  ['String', reader((receiver: TimeValue) => string(stringOf(receiver)!))],
  ['Unix', reader(({ ns }: TimeValue) => int(floorDiv(ns, 1_000_000_000n), 'int64'))],
  ['UnixMilli', reader(({ ns }: TimeValue) => int(floorDiv(ns, 1_000_000n), 'int64'))],
  ['UnixMicro', reader(({ ns }: TimeValue) => int(floorDiv(ns, 1_000n), 'int64'))],
  ['UnixNano', reader(({ ns }: TimeValue) => int(ns, 'int64'))],
  ['Year', reader(({ ns }: TimeValue) => int(calendarOf(ns).year))],
  ['Month', reader(({ ns }: TimeValue) => int(calendarOf(ns).month, 'time.Month'))],
  ['Day', reader(({ ns }: TimeValue) => int(calendarOf(ns).day))],
  ['Weekday', reader(({ ns }: TimeValue) => int(calendarOf(ns).weekday, 'time.Weekday'))],
  ['YearDay', reader(({ ns }: TimeValue) => int(calendarOf(ns).yearDay))],
  ['Hour', reader(({ ns }: TimeValue) => int(calendarOf(ns).hour))],
  ['Minute', reader(({ ns }: TimeValue) => int(calendarOf(ns).minute))],
  ['Second', reader(({ ns }: TimeValue) => int(calendarOf(ns).second))],
  ['Nanosecond', reader(({ ns }: TimeValue) => int(calendarOf(ns).nanosecond))],
  ['UTC', reader((receiver: TimeValue) => receiver)],
  ['IsZero', reader(({ ns }: TimeValue) => bool(ns === ZERO_TIME_NS))],
  ['IsDST', reader(() => bool(false))],
  [
    'Format',
    ({ ns }: TimeValue) => ({
      parameters: ['string'],
      call: ([layout]) => string(formatTime(ns, textOf(layout))),
    }),
  ],
  [
    'Add',
    ({ ns }: TimeValue) => ({ parameters: ['time.Duration'], call: ([delta]) => time(ns + nsOf(delta)) }),
  ],
  [
    'AddDate',
    ({ ns }: TimeValue) => ({
      parameters: ['int', 'int', 'int'],
      call: ([years, months, days]) => time(addDate(ns, nsOf(years), nsOf(months), nsOf(days))),
    }),
  ],
  [
    'Truncate',
    ({ ns }: TimeValue) => ({
      parameters: ['time.Duration'],
      call: ([unit]) => time(truncateTime(ns, nsOf(unit))),
    }),
  ],
  [
    'Round',
    ({ ns }: TimeValue) => ({
      parameters: ['time.Duration'],
      call: ([unit]) => time(roundTime(ns, nsOf(unit))),
    }),
  ],
  ['Sub', withTime((a, b) => duration(a - b))],
  ['Before', withTime((a, b) => bool(a < b))],
  ['After', withTime((a, b) => bool(a > b))],
  ['Equal', withTime((a, b) => bool(a === b))],
  ['Compare', withTime((a, b) => int(a < b ? -1 : a > b ? 1 : 0))],
  ['Date', several(3)],
  ['Clock', several(3)],
  ['ISOWeek', several(2)],
  ['Zone', several(2)],
]);

function truncateDuration(ns: bigint, unit: bigint): bigint {
  return unit <= 0n ? ns : ns - (ns % unit);
}

function roundDuration(ns: bigint, unit: bigint): bigint {
  if (unit <= 0n) return ns;
  const rest = ns % unit;
  const magnitude = rest < 0n ? -rest : rest;
  const isUp = magnitude + magnitude >= unit;
  return ns - rest + (isUp ? (ns < 0n ? -unit : unit) : 0n);
}

const DURATION_METHODS: ReadonlyMap<string, (receiver: IntValue) => GoFunction> = new Map([
  ['String', reader((receiver: IntValue) => string(stringOf(receiver)!))],
  ['Seconds', reader(({ value }: IntValue) => float(inUnits(value, 1_000_000_000n)))],
  ['Minutes', reader(({ value }: IntValue) => float(inUnits(value, 60_000_000_000n)))],
  ['Hours', reader(({ value }: IntValue) => float(inUnits(value, 3_600_000_000_000n)))],
  ['Nanoseconds', reader(({ value }: IntValue) => int(value, 'int64'))],
  ['Microseconds', reader(({ value }: IntValue) => int(value / 1_000n, 'int64'))],
  ['Milliseconds', reader(({ value }: IntValue) => int(value / 1_000_000n, 'int64'))],
  ['Abs', reader(({ value }: IntValue) => duration(value < 0n ? -value : value))],
  [
    'Truncate',
    ({ value }: IntValue) => ({
      parameters: ['time.Duration'],
      call: ([unit]) => duration(truncateDuration(value, nsOf(unit))),
    }),
  ],
  [
    'Round',
    ({ value }: IntValue) => ({
      parameters: ['time.Duration'],
      call: ([unit]) => duration(roundDuration(value, nsOf(unit))),
    }),
  ],
]);

const text = reader((receiver: Value) => string(stringOf(receiver)!));

/** Returns a method of a value, bound to it; undefined when its type lacks the method. */
export function tryMethod(receiver: Value, name: string): GoFunction | undefined {
  if (receiver.kind === 'time') return TIME_METHODS.get(name)?.(receiver);
  if (receiver.kind === 'int' && receiver.type === 'time.Duration') {
    return DURATION_METHODS.get(name)?.(receiver);
  }
  return name === 'String' && stringOf(receiver) !== undefined ? text(receiver) : undefined;
}
