// Functions of Prometheus.

import type { TemplateGroup } from './template-case.js';

export const PROMETHEUS_CASES: readonly TemplateGroup[] = [
  {
    name: 'query',
    cases: [
      { template: '{{ query "vector(1.5)" | first | value }}', expected: '1.5' },
      {
        template: '{{ query "vector(1) > 2" | first }}',
        error:
          'template: __alert_T:1:139: executing "__alert_T" at <first>: error calling first: first() called on vector with no elements',
      },
      { template: '{{ query "TWO" | first | label "a" }}', expected: 'y' },
      { template: '{{ query "TWO" | first | label "nope" }}', expected: '' },
      { template: '{{ (query "TWO" | first).Value }}', expected: '2' },
      { template: '{{ (query "TWO" | first).Labels.a }}', expected: 'y' },
      { template: '{{ (query "TWO" | first).Labels }}', expected: 'map[a:y]' },
      { template: '{{ $x := query "TWO" | first }}{{ $x.Labels.nope }}|{{ $x.Value }}', expected: '|2' },
      { template: '{{ query "vector(1) > 2" }}', expected: '[]' },
      { template: '{{ len (query "vector(1) > 2") }}', expected: '0' },
      {
        template: '{{ (query "vector(1)").banana }}',
        error:
          'template: __alert_T:1:122: executing "__alert_T" at <"vector(1)">: can\'t evaluate field banana in type template.queryResult',
      },
      {
        template: '{{ query "vector(1)" | value }}',
        error:
          'template: __alert_T:1:135: executing "__alert_T" at <value>: wrong type for value; expected *template.sample; got template.queryResult',
      },
      {
        template: '{{ query "vector(1)" | label "a" }}',
        error:
          'template: __alert_T:1:141: executing "__alert_T" at <"a">: wrong type for value; expected *template.sample; got template.queryResult',
      },
      {
        template: '{{ query 1 }}',
        error: 'template: __alert_T:1:121: executing "__alert_T" at <1>: expected string; found 1',
      },
      {
        template: '{{ query }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <query>: wrong number of args for query: want 1 got 0',
      },
      { template: '{{ query "TWO" | sortByLabel "a" | first | value }}', expected: '1' },
      { template: '{{ range query "TWO" | sortByLabel "nope" }}{{ .Value }}{{ end }}', expected: '21' },
      {
        template: '{{ first 1 }}',
        error:
          'template: __alert_T:1:121: executing "__alert_T" at <1>: can\'t handle 1 for arg of type template.queryResult',
      },
      {
        template: '{{ first nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <first nil>: error calling first: first() called on vector with no elements',
      },
      {
        template: '{{ value nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <value nil>: error calling value: runtime error: invalid memory address or nil pointer dereference',
      },
      {
        template: '{{ label "a" nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <label "a" nil>: error calling label: runtime error: invalid memory address or nil pointer dereference',
      },
      {
        template: '{{ strvalue nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <strvalue nil>: error calling strvalue: runtime error: invalid memory address or nil pointer dereference',
      },
      { template: '{{ query "TWO" | first | strvalue }}', expected: '' },
      { template: '{{ value (query "TWO" | first) | humanize }}', expected: '2' },
      { template: '{{ printf "vector(%d)" 3 | query | first | value }}', expected: '3' },
      { template: '{{ printf "vector(%f)" $value | query | first | value | humanize }}', expected: '1.5' },
      {
        template:
          '{{ with printf "vector(%d)" 3 | query }}{{ . | first | value | humanizePercentage }}{{ end }}',
        expected: '300%',
      },
      {
        template:
          '{{ $a := query "vector(1)" | first | value }}{{ $b := query "vector(2)" | first | value }}{{ $a }}{{ $b }}',
        expected: '12',
      },
      { template: '{{ query "scalar(vector(3))" | first | value }}', expected: '3' },
      { template: '{{ query "vector(1)" | first | value | printf "%.1f" }}', expected: '1.0' },
      {
        template: '{{ (query "TWO" | first).banana }}',
        error:
          'template: __alert_T:1:130: executing "__alert_T" at <first>: can\'t evaluate field banana in type *template.sample',
      },
      {
        template: '{{ (query "TWO" | first).Value.x }}',
        error:
          'template: __alert_T:1:130: executing "__alert_T" at <first>: can\'t evaluate field x in type interface {}',
      },
      { template: '{{ query "1 + 1" | first | value }}', expected: '2' },
      { template: '{{ (query "vector(1)" | first).Labels.constructor }}|', expected: '|' },
    ],
  },
  {
    name: 'humanize',
    cases: [
      {
        template:
          '{{ humanize 0.0 }} {{ humanize 1.0 }} {{ humanize 1234567.0 }} {{ humanize 0.12 }} {{ humanize -1 }} {{ humanize "0.12" }} {{ humanize 9223372036854775807 }}',
        expected: '0 1 1.235M 120m -1 120m 9.223E',
      },
      {
        template:
          '{{ humanize 999.95 }} {{ humanize 999.99 }} {{ humanize 1000 }} {{ humanize 1e30 }} {{ humanize 1e-30 }} {{ humanize 1e27 }}',
        expected: '1000 1000 1k 1e+06Y 1e-06y 1000Y',
      },
      {
        template: '{{ humanize "one" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize "one">: error calling humanize: strconv.ParseFloat: parsing "one": invalid syntax',
      },
      {
        template: '{{ humanize nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize nil>: error calling humanize: can\'t convert <nil> to float',
      },
      {
        template: '{{ humanize $labels }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize $labels>: error calling humanize: can\'t convert map[string]string to float',
      },
      {
        template: '{{ humanize true }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize true>: error calling humanize: can\'t convert bool to float',
      },
      {
        template: '{{ humanize }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize>: wrong number of args for humanize: want 1 got 0',
      },
      {
        template: '{{ humanize "" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize "">: error calling humanize: strconv.ParseFloat: parsing "": invalid syntax',
      },
      {
        template: '{{ humanize "1e400" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize "1e400">: error calling humanize: strconv.ParseFloat: parsing "1e400": value out of range',
      },
      {
        template: '{{ humanize "0x10" }} {{ humanize "Inf" }} {{ humanize "nan" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize "0x10">: error calling humanize: strconv.ParseFloat: parsing "0x10": invalid syntax',
      },
      { template: '{{ humanize "0x1p4" }}', expected: '16' },
      { template: '{{ humanize "1_000" }}', expected: '1k' },
      {
        template: '{{ humanize (index "a" 0) }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize (index "a" 0)>: error calling humanize: can\'t convert uint8 to float',
      },
      { template: '{{ "1.5" | humanize }}', expected: '1.5' },
      { template: '{{ $value | humanize }}', expected: '1.5' },
      {
        template:
          '{{ humanize1024 0.0 }} {{ humanize1024 1.0 }} {{ humanize1024 1048576.0 }} {{ humanize1024 0.12 }} {{ humanize1024 -1 }} {{ humanize1024 9223372036854775807 }} {{ humanize1024 1023.9 }} {{ humanize1024 1e30 }}',
        expected: '0 1 1Mi 0.12 -1 8Ei 1024 8.272e+05Yi',
      },
      {
        template: '{{ humanize1024 "one" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanize1024 "one">: error calling humanize1024: strconv.ParseFloat: parsing "one": invalid syntax',
      },
      {
        template:
          '{{ humanizeDuration 0 }} {{ humanizeDuration 1 }} {{ humanizeDuration 60 }} {{ humanizeDuration 3600 }} {{ humanizeDuration 86400 }} {{ humanizeDuration 90000 }} {{ humanizeDuration -183845 }} {{ humanizeDuration 899.99 }}',
        expected: '0s 1s 1m 0s 1h 0m 0s 1d 0h 0m 0s 1d 1h 0m 0s -2d 3h 4m 5s 14m 59s',
      },
      {
        template:
          '{{ humanizeDuration 0.1 }} {{ humanizeDuration 0.0001 }} {{ humanizeDuration 0.12345 }} {{ humanizeDuration 60.1 }} {{ humanizeDuration 1.2345 }} {{ humanizeDuration 12.345 }} {{ humanizeDuration "1.5" }}',
        expected: '100ms 100us 123.5ms 1m 0s 1.234s 12.35s 1.5s',
      },
      {
        template: '{{ humanizeDuration "one" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanizeDuration "one">: error calling humanizeDuration: strconv.ParseFloat: parsing "one": invalid syntax',
      },
      {
        template: '{{ humanizeDuration 1e30 }} {{ humanizeDuration -0.5 }} {{ humanizeDuration 1e-30 }}',
        expected: '-106751991167300d -15h -30m -8s -500ms 1e-06ys',
      },
      {
        template:
          '{{ humanizePercentage -0.22222 }}:{{ humanizePercentage 0.0 }}:{{ 0.1234567 | humanizePercentage }}:{{ 1.23456 | humanizePercentage }}',
        expected: '-22.22%:0%:12.35%:123.5%',
      },
      {
        template: '{{ "one" | humanizePercentage }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <humanizePercentage>: error calling humanizePercentage: strconv.ParseFloat: parsing "one": invalid syntax',
      },
      {
        template: '{{ humanizePercentage 1234567 }} {{ humanizePercentage "0.5" }}',
        expected: '1.235e+08% 50%',
      },
      {
        template:
          '{{ humanizeTimestamp 0 }} {{ humanizeTimestamp -1 }} {{ humanizeTimestamp 1234567 }} {{ humanizeTimestamp 1435065584.128 }} {{ humanizeTimestamp "1435065584.128" }}',
        expected:
          '1970-01-01 00:00:00 +0000 UTC 1969-12-31 23:59:59 +0000 UTC 1970-01-15 06:56:07 +0000 UTC 2015-06-23 13:19:44.128 +0000 UTC 2015-06-23 13:19:44.128 +0000 UTC',
      },
      { template: '{{ humanizeTimestamp 9223372036 }}', expected: '2262-04-11 23:47:16 +0000 UTC' },
      {
        template: '{{ humanizeTimestamp 9223372036854775807 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanizeTimestamp 9223372036854775807>: error calling humanizeTimestamp: 9.223372036854776e+18 cannot be represented as a nanoseconds timestamp since it overflows int64',
      },
      {
        template: '{{ humanizeTimestamp -1e300 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanizeTimestamp -1e300>: error calling humanizeTimestamp: -1e+300 cannot be represented as a nanoseconds timestamp since it overflows int64',
      },
      {
        template: '{{ humanizeTimestamp "x" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <humanizeTimestamp "x">: error calling humanizeTimestamp: strconv.ParseFloat: parsing "x": invalid syntax',
      },
      {
        template:
          '{{ humanizeTimestamp -0.0005 }} {{ humanizeTimestamp 0.0005 }} {{ humanizeTimestamp 1.5 }}',
        expected:
          '1970-01-01 00:00:00 +0000 UTC 1970-01-01 00:00:00 +0000 UTC 1970-01-01 00:00:01.5 +0000 UTC',
      },
      { template: '{{ humanizeDuration (parseDuration "5m") }}', expected: '5m 0s' },
    ],
  },
];
