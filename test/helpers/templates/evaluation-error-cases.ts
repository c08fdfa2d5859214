// Errors of the evaluation.

import type { TemplateGroup } from './template-case.js';

export const EVALUATION_ERROR_CASES: readonly TemplateGroup[] = [
  {
    name: 'errors of the evaluation',
    cases: [
      {
        template: 'a\nb {{ humanize "x" }}',
        error:
          'template: __alert_T:2:5: executing "__alert_T" at <humanize "x">: error calling humanize: strconv.ParseFloat: parsing "x": invalid syntax',
      },
      {
        template: 'é日 {{ humanize "x" }}',
        error:
          'template: __alert_T:1:121: executing "__alert_T" at <humanize "x">: error calling humanize: strconv.ParseFloat: parsing "x": invalid syntax',
      },
      {
        template: '{{ if true }}{{ humanize "x" }}{{ end }}',
        error:
          'template: __alert_T:1:128: executing "__alert_T" at <humanize "x">: error calling humanize: strconv.ParseFloat: parsing "x": invalid syntax',
      },
      {
        template: '{{ $labels.job.a.b }}',
        error:
          'template: __alert_T:1:122: executing "__alert_T" at <$labels.job.a.b>: can\'t evaluate field a in type string',
      },
      {
        template: '{{ .Value.foo }}',
        error:
          'template: __alert_T:1:121: executing "__alert_T" at <.Value.foo>: can\'t evaluate field foo in type interface {}',
      },
      {
        template: '{{ .Labels.job.foo "x" }}',
        error:
          'template: __alert_T:1:122: executing "__alert_T" at <.Labels.job.foo>: can\'t evaluate field foo in type string',
      },
      {
        template: '{{ .Labels.job "x" }}',
        error:
          'template: __alert_T:1:122: executing "__alert_T" at <.Labels.job>: job is not a method but has arguments',
      },
      {
        template: '{{ 1 | .Labels.job }}',
        error:
          'template: __alert_T:1:126: executing "__alert_T" at <.Labels.job>: job is not a method but has arguments',
      },
      {
        template: '{{ .Value 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <.Value>: Value has arguments but cannot be invoked as function',
      },
      {
        template: '{{ $value 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <$value>: can\'t give argument to non-function $value',
      },
      {
        template: '{{ "x" "y" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <"x">: can\'t give argument to non-function "x"',
      },
      {
        template: '{{ 1 2 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <1>: can\'t give argument to non-function 1',
      },
      {
        template: '{{ (1) 2 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <(1) 2>: can\'t give argument to non-function 1',
      },
      {
        template: '{{ 1 | $value }}',
        error:
          'template: __alert_T:1:119: executing "__alert_T" at <$value>: can\'t give argument to non-function $value',
      },
      {
        template: '{{ 1 | (2) }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <1>: can\'t give argument to non-function 2',
      },
      {
        template: '{{ toUpper }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <toUpper>: wrong number of args for toUpper: want 1 got 0',
      },
      {
        template: '{{ toUpper 1 }}',
        error: 'template: __alert_T:1:123: executing "__alert_T" at <1>: expected string; found 1',
      },
      {
        template: '{{ toUpper "a" "b" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <toUpper>: wrong number of args for toUpper: want 1 got 2',
      },
      {
        template: '{{ toUpper nil }}',
        error: 'template: __alert_T:1:123: executing "__alert_T" at <nil>: cannot assign nil to string',
      },
      {
        template: '{{ toUpper . }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <.>: wrong type for value; expected string; got struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
      },
      {
        template: '{{ toUpper $labels }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <$labels>: wrong type for value; expected string; got map[string]string',
      },
      {
        template: '{{ toUpper (query "TWO") }}',
        error:
          'template: __alert_T:1:130: executing "__alert_T" at <"TWO">: wrong type for value; expected string; got template.queryResult',
      },
      {
        template: '{{ first "x" }}',
        error:
          'template: __alert_T:1:121: executing "__alert_T" at <"x">: can\'t handle "x" for arg of type template.queryResult',
      },
      {
        template: '{{ label 1 2 }}',
        error: 'template: __alert_T:1:121: executing "__alert_T" at <1>: expected string; found 1',
      },
      {
        template: '{{ label "a" "b" }}',
        error:
          'template: __alert_T:1:125: executing "__alert_T" at <"b">: can\'t handle "b" for arg of type *template.sample',
      },
      {
        template: '{{ nil }}',
        error: 'template: __alert_T:1:115: executing "__alert_T" at <nil>: nil is not a command',
      },
      {
        template: '{{ match "a" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <match>: wrong number of args for match: want 2 got 1',
      },
      {
        template: '{{ args | len | toUpper }}',
        error:
          'template: __alert_T:1:128: executing "__alert_T" at <toUpper>: wrong type for value; expected string; got int',
      },
      {
        template: '{{ toUpper (args 1).x }}',
        error:
          'template: __alert_T:1:129: executing "__alert_T" at <1>: wrong type for value; expected string; got interface {}',
      },
      {
        template: '{{ printf "%s" .Nope }}',
        error:
          'template: __alert_T:1:127: executing "__alert_T" at <.Nope>: can\'t evaluate field Nope in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
      },
      {
        template: '{{ with .Nope }}{{ end }}',
        error:
          'template: __alert_T:1:120: executing "__alert_T" at <.Nope>: can\'t evaluate field Nope in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
      },
      {
        template: '{{ (printf "%s" "x").foo }}',
        error:
          'template: __alert_T:1:128: executing "__alert_T" at <"x">: can\'t evaluate field foo in type string',
      },
      {
        template: '{{ ("x").foo }}',
        error:
          'template: __alert_T:1:116: executing "__alert_T" at <"x">: can\'t evaluate field foo in type string',
      },
      {
        template: '{{ (nil).foo }}',
        error: 'template: __alert_T:1:116: executing "__alert_T" at <nil>: nil is not a command',
      },
      {
        template: '{{ (1 | print).foo }}',
        error:
          'template: __alert_T:1:120: executing "__alert_T" at <print>: can\'t evaluate field foo in type string',
      },
      {
        template: '{{ pathPrefix.x }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <pathPrefix>: can\'t evaluate field x in type string',
      },
      {
        template: '{{ $x := .Nope }}',
        error:
          'template: __alert_T:1:121: executing "__alert_T" at <.Nope>: can\'t evaluate field Nope in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
      },
      {
        template: '{{ toUpper -1 }}',
        error: 'template: __alert_T:1:123: executing "__alert_T" at <-1>: expected string; found -1',
      },
      {
        template: "{{ toUpper 'a' }}",
        error: "template: __alert_T:1:123: executing \"__alert_T\" at <'a'>: expected string; found 'a'",
      },
      {
        template: '{{ toUpper true }}',
        error: 'template: __alert_T:1:123: executing "__alert_T" at <true>: expected string; found true',
      },
      {
        template: '{{ 9223372036854775808 | print }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <9223372036854775808>: 9223372036854775808 overflows int',
      },
      {
        template: '{{ template "x" .Nope }}{{ define "x" }}{{ end }}',
        error:
          'template: __alert_T:1:128: executing "__alert_T" at <.Nope>: can\'t evaluate field Nope in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
      },
      {
        template: '{{ printf "%s %s" "a" (humanize "z") }}',
        error:
          'template: __alert_T:1:135: executing "__alert_T" at <humanize "z">: error calling humanize: strconv.ParseFloat: parsing "z": invalid syntax',
      },
      {
        template: '{{ print (index $labels "a" "b") }}',
        error:
          'template: __alert_T:1:122: executing "__alert_T" at <index $labels "a" "b">: error calling index: cannot index slice/array with type string',
      },
      { template: '{{ (.Labels).job }}', expected: 'api' },
      {
        template: '{{ ((.Labels)).job.x }}',
        error:
          'template: __alert_T:1:117: executing "__alert_T" at <.Labels>: can\'t evaluate field x in type string',
      },
      {
        template: '{{ .Labels.job | .Labels.nope }}',
        error:
          'template: __alert_T:1:136: executing "__alert_T" at <.Labels.nope>: nope is not a method but has arguments',
      },
      {
        template: '{{ toUpper (toUpper (humanize "q")) }}',
        error:
          'template: __alert_T:1:133: executing "__alert_T" at <humanize "q">: error calling humanize: strconv.ParseFloat: parsing "q": invalid syntax',
      },
      {
        template: '{{ range 2 }}{{ humanize "r" }}{{ end }}',
        error:
          'template: __alert_T:1:128: executing "__alert_T" at <humanize "r">: error calling humanize: strconv.ParseFloat: parsing "r": invalid syntax',
      },
      {
        template: '{{ block "bb" . }}{{ .Nope }}{{ end }}',
        error:
          'template: __alert_T:1:133: executing "bb" at <.Nope>: can\'t evaluate field Nope in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
      },
      {
        template: '{{ print (printf "%d" 1).foo }}',
        error:
          'template: __alert_T:1:134: executing "__alert_T" at <1>: can\'t evaluate field foo in type string',
      },
      {
        template: '{{ print .Labels.job.x }}',
        error:
          'template: __alert_T:1:128: executing "__alert_T" at <.Labels.job.x>: can\'t evaluate field x in type string',
      },
      {
        template: '{{ (toTime 0).Year 1 }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <0>: wrong number of args for Year: want 0 got 1',
      },
      {
        template: '{{ (toTime 0).Add "x" }}',
        error: 'template: __alert_T:1:130: executing "__alert_T" at <"x">: expected integer; found "x"',
      },
      {
        template: '{{ (toTime 0).Add nil }}',
        error:
          'template: __alert_T:1:130: executing "__alert_T" at <nil>: cannot assign nil to time.Duration',
      },
      {
        template: '{{ (toTime 0).Sub 1 }}',
        error:
          'template: __alert_T:1:130: executing "__alert_T" at <1>: can\'t handle 1 for arg of type time.Time',
      },
      {
        template: '{{ (toTime 0).Before "x" }}',
        error:
          'template: __alert_T:1:133: executing "__alert_T" at <"x">: can\'t handle "x" for arg of type time.Time',
      },
    ],
  },
];
