// Times and durations.

import type { TemplateGroup } from './template-case.js';

export const TIME_CASES: readonly TemplateGroup[] = [
  {
    name: 'time',
    cases: [
      { template: '{{ toTime 0 }}', expected: '1970-01-01 00:00:00 +0000 UTC' },
      { template: '{{ (toTime 1435065584.128).Format "2006" }}', expected: '2015' },
      {
        template: '{{ ("1435065584.128" | toTime).Format "Mon Jan 2 15:04:05 2006" }}',
        expected: 'Tue Jun 23 13:19:44 2015',
      },
      {
        template:
          '{{ (toTime 1435065584.128).Year }} {{ (toTime 1435065584.128).Month }} {{ (toTime 1435065584.128).Day }} {{ (toTime 1435065584.128).Weekday }} {{ (toTime 1435065584.128).YearDay }}',
        expected: '2015 June 23 Tuesday 174',
      },
      {
        template:
          '{{ (toTime 1435065584.128).Hour }}:{{ (toTime 1435065584.128).Minute }}:{{ (toTime 1435065584.128).Second }}.{{ (toTime 1435065584.128).Nanosecond }}',
        expected: '13:19:44.128000000',
      },
      {
        template:
          '{{ (toTime 1435065584.128).Unix }} {{ (toTime 1435065584.128).UnixMilli }} {{ (toTime 1435065584.128).UnixNano }}',
        expected: '1435065584 1435065584128 1435065584128000000',
      },
      {
        template:
          '{{ (toTime 1435065584.128).Format "Monday, 02-Jan-06 15:04:05 MST" }}|{{ (toTime 1435065584.128).Format "2006-01-02T15:04:05.999999999Z07:00" }}|{{ (toTime 1435065584.128).Format "3:04PM" }}|{{ (toTime 1435065584.1).Format "15:04:05.000" }}|{{ (toTime 0).Format "_2 __2 002 1 2 3 4 5 pm .00 ,000 January -0700 -07 Z0700" }}',
        expected:
          'Tuesday, 23-Jun-15 13:19:44 UTC|2015-06-23T13:19:44.128Z|1:19PM|13:19:44.100| 1   1 001 1 1 12 0 0 am .00 ,000 January +0000 +00 Z',
      },
      {
        template:
          '{{ (toTime 1435065584.128).Format "2006-01-02 15:04:05.999 Jan_2 Sunday Janus Month 20060102150405 .0 .09 05.00 " }}',
        expected: '2015-06-23 13:19:44.128 Jun23 Sunday Janus Month 20150623131944 .1 .09 44.12 ',
      },
      {
        template: '{{ (toTime 0).Format 1 }}',
        error: 'template: __alert_T:1:133: executing "__alert_T" at <1>: expected string; found 1',
      },
      {
        template: '{{ (toTime 0).Nope }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <0>: can\'t evaluate field Nope in type *time.Time',
      },
      {
        template: '{{ (toTime 0).Format }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <0>: wrong number of args for Format: want 1 got 0',
      },
      {
        template: '{{ (toTime 0).Clock }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <0>: function Clock has 3 return values; should be 1 or 2',
      },
      {
        template: '{{ (toTime 0).ISOWeek }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <0>: invalid function signature for ISOWeek: second return value should be error; is int',
      },
      {
        template: '{{ (toTime 0).Date }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <0>: function Date has 3 return values; should be 1 or 2',
      },
      {
        template: '{{ toTime "x" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <toTime "x">: error calling toTime: strconv.ParseFloat: parsing "x": invalid syntax',
      },
      {
        template: '{{ toTime 1e300 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <toTime 1e300>: error calling toTime: 1e+300 cannot be represented as a nanoseconds timestamp since it overflows int64',
      },
      {
        template: '{{ toTime nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <toTime nil>: error calling toTime: can\'t convert <nil> to float',
      },
      { template: '{{ (toTime 0).Year | printf "%d" }}', expected: '1970' },
      {
        template:
          '{{ (toTime 10).Before (toTime 20) }} {{ (toTime 10).After (toTime 20) }} {{ (toTime 10).Equal (toTime 10) }} {{ (toTime 10).Sub (toTime 3) }} {{ (toTime 10).Compare (toTime 3) }}',
        expected: 'true false true 7s 1',
      },
      { template: '{{ (toTime 0).Add 1500000000 }}', expected: '1970-01-01 00:00:01.5 +0000 UTC' },
      { template: '{{ (toTime 0).AddDate 1 2 3 }}', expected: '1971-03-04 00:00:00 +0000 UTC' },
      {
        template:
          '{{ (toTime 1435065584.128).Truncate 3600000000000 }} {{ (toTime 1435065584.128).Round 3600000000000 }}',
        expected: '2015-06-23 13:00:00 +0000 UTC 2015-06-23 13:00:00 +0000 UTC',
      },
      {
        template: '{{ (toTime -62135596800).IsZero }}',
        error:
          'template: __alert_T:1:116: executing "__alert_T" at <toTime -62135596800>: error calling toTime: -6.21355968e+10 cannot be represented as a nanoseconds timestamp since it overflows int64',
      },
      { template: '{{ (toTime 0).UTC }}', expected: '1970-01-01 00:00:00 +0000 UTC' },
      { template: '{{ printf "%d" (toTime 0).Month }}', expected: '1' },
      { template: '{{ eq (toTime 0).Month 1 }}', expected: 'true' },
      { template: '{{ printf "%T %T" (toTime 0) (toTime 0).Month }}', expected: '*time.Time time.Month' },
      {
        template: '{{ (toTime -1.5).Format "2006-01-02 15:04:05.000" }}',
        expected: '1969-12-31 23:59:58.500',
      },
      { template: '{{ (toTime 0).String }}', expected: '1970-01-01 00:00:00 +0000 UTC' },
      { template: '{{ $t := toTime 0 }}{{ $t.Year }}', expected: '1970' },
      { template: '{{ (toTime 0).Format "2006" | len }}', expected: '4' },
      { template: '{{ "2006" | (toTime 0).Format }}', expected: '1970' },
    ],
  },
  {
    name: 'durations and new functions',
    cases: [
      { template: '{{ toDuration 1800 }}', expected: '30m0s', isNew: true },
      { template: '{{ (1800 | toDuration).String }}', expected: '30m0s', isNew: true },
      {
        template:
          '{{ (toDuration "1.5").Seconds }} {{ (toDuration 90).Minutes }} {{ (toDuration 5400).Hours }} {{ (toDuration 1.5).Milliseconds }}',
        expected: '1.5 1.5 1.5 1500',
        isNew: true,
      },
      {
        template:
          '{{ toDuration 0 }} {{ toDuration 0.001 }} {{ toDuration 0.0000015 }} {{ toDuration 1e-9 }} {{ toDuration -3723.5 }}',
        expected: '0s 1ms 1.5µs 1ns -1h2m3.5s',
        isNew: true,
      },
      {
        template:
          '{{ ((toDuration 93).Round 60000000000) }} {{ ((toDuration 93).Truncate 60000000000) }} {{ (toDuration -5).Abs }}',
        expected: '2m0s 1m0s 5s',
        isNew: true,
      },
      {
        template: '{{ humanizeDuration (toDuration 90) }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanizeDuration (toDuration 90)>: error calling humanizeDuration: can\'t convert *time.Duration to float',
        isNew: true,
      },
      { template: '{{ printf "%d" (toDuration 1).Nanoseconds }}', expected: '1000000000', isNew: true },
      { template: '{{ printf "%s %v" (toDuration 1) (toDuration 1) }}', expected: '1s 1s', isNew: true },
      { template: '{{ printf "%T" (toDuration 1) }}', expected: '*time.Duration', isNew: true },
      {
        template: '{{ toDuration "x" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <toDuration "x">: error calling toDuration: strconv.ParseFloat: parsing "x": invalid syntax',
        isNew: true,
      },
      {
        template: '{{ (toDuration 1).Nope }}',
        error:
          'template: __alert_T:1:127: executing "__alert_T" at <1>: can\'t evaluate field Nope in type *time.Duration',
        isNew: true,
      },
      {
        template: '{{ ("-30m" | parseDuration | toDuration | (toTime 1435065584).Add).UnixMilli }}',
        expected: '1435063784000',
        isNew: true,
      },
      { template: '{{ gt (now) 1.0 }}', expected: 'true', isNew: true },
      { template: '{{ lt (now | toTime).Year 2020 }}', expected: 'true', isNew: true },
      { template: '{{ urlQueryEscape "a b&c" }}', expected: 'a+b%26c', isNew: true },
    ],
  },
];
