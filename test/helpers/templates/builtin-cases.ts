// Functions of the language, except for printing.

import type { TemplateGroup } from './template-case.js';

export const BUILTIN_CASES: readonly TemplateGroup[] = [
  {
    name: 'and, or, not',
    cases: [
      { template: '{{ and 1 2 }}', expected: '2' },
      { template: '{{ and 0 2 }}', expected: '0' },
      { template: '{{ or 0 2 }}', expected: '2' },
      { template: '{{ or 0 "" }}', expected: '' },
      { template: '{{ or 1 (query "invalid(") }}', expected: '1' },
      { template: '{{ and 0 (query "invalid(") }}', expected: '0' },
      { template: '{{ not 0 }}', expected: 'true' },
      { template: '{{ not "x" }}', expected: 'false' },
      { template: '{{ 1 | and 2 }}', expected: '1' },
      { template: '{{ 0 | or 0 }}', expected: '0' },
      { template: '{{ and true }}', expected: 'true' },
      {
        template: '{{ and }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <and>: wrong number of args for and: want at least 1 got 0',
      },
      { template: '{{ or $labels.nope "default" }}', expected: 'default' },
      { template: '{{ and "a" "b" "" "c" }}', expected: '' },
      { template: '{{ or nil 1 }}', expected: '1' },
      { template: '{{ and nil 1 }}', expected: '<no value>' },
      { template: '{{ not nil }}', expected: 'true' },
      {
        template: '{{ not }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <not>: wrong number of args for not: want 1 got 0',
      },
      {
        template: '{{ not 1 2 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <not>: wrong number of args for not: want 1 got 2',
      },
    ],
  },
  {
    name: 'comparison',
    cases: [
      { template: '{{ eq 1 1 }}', expected: 'true' },
      { template: '{{ eq 1 2 1 }}', expected: 'true' },
      {
        template: '{{ eq 1 1.0 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64',
      },
      { template: '{{ eq "a" "a" }}', expected: 'true' },
      { template: '{{ eq $value 1.5 }}', expected: 'true' },
      {
        template: '{{ eq $value "1.5" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq $value "1.5">: error calling eq: incompatible types for comparison: float64 and string',
      },
      { template: '{{ ne 1 2 }}', expected: 'true' },
      {
        template: '{{ ne 1 2 3 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <ne>: wrong number of args for ne: want 2 got 3',
      },
      { template: '{{ lt 1 2 }}', expected: 'true' },
      {
        template: '{{ lt 1.5 2 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <lt 1.5 2>: error calling lt: incompatible types for comparison: float64 and int',
      },
      { template: '{{ lt "a" "b" }}', expected: 'true' },
      { template: '{{ le 2 2 }}', expected: 'true' },
      { template: '{{ gt 3 2 }}', expected: 'true' },
      { template: '{{ ge 2 3 }}', expected: 'false' },
      {
        template: '{{ lt true false }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <lt true false>: error calling lt: invalid type for comparison',
      },
      { template: '{{ eq true true }}', expected: 'true' },
      {
        template: '{{ eq . . }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq . .>: error calling eq: non-comparable type {map[instance:host.example.com:9090 job:api special:<b>&\'x] map[region:eu] http://prom.example/path/prefix %!s(float64=1.5)}: struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
      },
      {
        template: '{{ eq $labels $labels }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq $labels $labels>: error calling eq: non-comparable type map[instance:host.example.com:9090 job:api special:<b>&\'x]: map[string]string',
      },
      { template: '{{ eq nil nil }}', expected: 'true' },
      { template: '{{ eq $labels nil }}', expected: 'false' },
      { template: '{{ eq 1 nil }}', expected: 'false' },
      { template: '{{ eq nil 1 }}', expected: 'false' },
      {
        template: '{{ lt nil 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <lt nil 1>: error calling lt: invalid type for comparison',
      },
      {
        template: '{{ lt $labels 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <lt $labels 1>: error calling lt: invalid type for comparison',
      },
      {
        template: '{{ eq 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq 1>: error calling eq: missing argument for comparison',
      },
      {
        template: '{{ eq }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq>: wrong number of args for eq: want at least 1 got 0',
      },
      { template: '{{ 1 | eq 1 }}', expected: 'true' },
      {
        template: '{{ gt $value 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <gt $value 1>: error calling gt: incompatible types for comparison: float64 and int',
      },
      { template: "{{ eq 'a' 97 }}", expected: 'true' },
      { template: '{{ eq (index "a" 0) 97 }}', expected: 'true' },
      { template: '{{ lt (index "a" 0) 98 }}', expected: 'true' },
      {
        template: '{{ eq "a" 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq "a" 1>: error calling eq: incompatible types for comparison: string and int',
      },
      { template: '{{ lt "é" "z" }}', expected: 'false' },
      {
        template: '{{ eq $labels "x" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq $labels "x">: error calling eq: incompatible types for comparison: map[string]string and string',
      },
      {
        template: '{{ eq "x" $labels }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq "x" $labels>: error calling eq: incompatible types for comparison: string and map[string]string',
      },
      { template: '{{ eq (toTime 1) (toTime 1) }}', expected: 'false' },
      {
        template: '{{ lt (toTime 1) (toTime 2) }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <lt (toTime 1) (toTime 2)>: error calling lt: invalid type for comparison',
      },
      { template: '{{ eq (safeHtml "a") "a" }}', expected: 'true' },
      {
        template: '{{ eq 1 2 "x" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <eq 1 2 "x">: error calling eq: incompatible types for comparison: int and string',
      },
    ],
  },
  {
    name: 'index, slice, len',
    cases: [
      { template: '{{ index "abc" 1 }}', expected: '98' },
      {
        template: '{{ index "abc" 3 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index "abc" 3>: error calling index: reflect: string index out of range',
      },
      {
        template: '{{ index "abc" 4 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index "abc" 4>: error calling index: index out of range: 4',
      },
      {
        template: '{{ index "abc" -1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index "abc" -1>: error calling index: index out of range: -1',
      },
      {
        template: '{{ index "abc" "x" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index "abc" "x">: error calling index: cannot index slice/array with type string',
      },
      {
        template: '{{ index $labels 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index $labels 1>: error calling index: value has type int; should be string',
      },
      {
        template: '{{ index $labels nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index $labels nil>: error calling index: value is nil; should be of type string',
      },
      {
        template: '{{ index $value 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index $value 1>: error calling index: can\'t index item of type float64',
      },
      {
        template: '{{ index nil 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index nil 1>: error calling index: index of untyped nil',
      },
      {
        template: '{{ index "abc" nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index "abc" nil>: error calling index: cannot index slice/array with nil',
      },
      { template: '{{ (index (query "TWO") 1).Value }}', expected: '1' },
      {
        template: '{{ index (query "TWO") 2 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index (query "TWO") 2>: error calling index: reflect: slice index out of range',
      },
      {
        template: '{{ index (query "TWO") 3 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index (query "TWO") 3>: error calling index: index out of range: 3',
      },
      {
        template: '{{ index $labels }}',
        expected: "map[instance:host.example.com:9090 job:api special:<b>&'x]",
      },
      {
        template: '{{ index }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index>: wrong number of args for index: want at least 1 got 0',
      },
      { template: '{{ slice "abcdef" 1 3 }}', expected: 'bc' },
      { template: '{{ slice "abcdef" 2 }}', expected: 'cdef' },
      { template: '{{ slice "abcdef" }}', expected: 'abcdef' },
      {
        template: '{{ slice "abc" 2 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <slice "abc" 2 1>: error calling slice: invalid slice index: 2 > 1',
      },
      {
        template: '{{ slice "abc" 0 4 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <slice "abc" 0 4>: error calling slice: index out of range: 4',
      },
      {
        template: '{{ slice "abc" 0 1 2 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <slice "abc" 0 1 2>: error calling slice: cannot 3-index slice a string',
      },
      {
        template: '{{ slice "abc" 0 1 2 3 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <slice "abc" 0 1 2 3>: error calling slice: too many slice indexes: 4',
      },
      { template: '{{ len (slice (query "TWO") 1) }}', expected: '1' },
      {
        template: '{{ slice $labels 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <slice $labels 1>: error calling slice: can\'t slice item of type map[string]string',
      },
      {
        template: '{{ slice nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <slice nil>: error calling slice: slice of untyped nil',
      },
      { template: '{{ len "héllo" }}', expected: '6' },
      { template: '{{ len $labels }}', expected: '3' },
      { template: '{{ len (query "TWO") }}', expected: '2' },
      {
        template: '{{ len 3 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <len 3>: error calling len: len of type int',
      },
      {
        template: '{{ len nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <len nil>: error calling len: reflect: call of reflect.Value.Type on zero Value',
      },
      {
        template: '{{ len $value }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <len $value>: error calling len: len of type float64',
      },
      { template: '{{ index (args 1 2) "arg1" }}', expected: '2' },
      { template: '{{ (args 1).arg5 }}', expected: '<no value>' },
      {
        template: '{{ (args 1).arg5.x }}',
        error:
          'template: __alert_T:1:121: executing "__alert_T" at <1>: nil pointer evaluating interface {}.x',
      },
      { template: '{{ index (args 1) "arg9" }}', expected: '<no value>' },
      {
        template: '{{ index "a" 1.0 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index "a" 1.0>: error calling index: cannot index slice/array with type float64',
      },
      {
        template: '{{ index (index "abc" 1) 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index (index "abc" 1) 1>: error calling index: can\'t index item of type uint8',
      },
      {
        template: '{{ index "abc" 1 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <index "abc" 1 1>: error calling index: can\'t index item of type uint8',
      },
      {
        template: '{{ slice (query "TWO") 0 5 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <slice (query "TWO") 0 5>: error calling slice: index out of range: 5',
      },
    ],
  },
  {
    name: 'html, js, urlquery',
    cases: [
      { template: '{{ html "<a href=\'x\'>&\\"" }}', expected: '&lt;a href=&#39;x&#39;&gt;&amp;&#34;' },
      { template: '{{ html 1 2 }}', expected: '1 2' },
      { template: '{{ html $labels.special }}', expected: '&lt;b&gt;&amp;&#39;x' },
      { template: '{{ "<b>" | html }}', expected: '&lt;b&gt;' },
      {
        template: '{{ js "it\'s <b> \\"x\\" a=b & \\n é \\u200b" }}',
        expected: 'it\\\'s \\u003Cb\\u003E \\"x\\" a\\u003Db \\u0026 \\u000A é \\u200B',
      },
      { template: '{{ urlquery "a b&c=d/é+~!\'()*" }}', expected: 'a+b%26c%3Dd%2F%C3%A9%2B~%21%27%28%29%2A' },
      { template: '{{ urlquery 1 "x" }}', expected: '1x' },
      { template: '{{ html nil }}', expected: '&lt;no value&gt;' },
      { template: '{{ html }}', expected: '' },
      {
        template: '{{ html $labels }}',
        expected: 'map[instance:host.example.com:9090 job:api special:&lt;b&gt;&amp;&#39;x]',
      },
      {
        template: '{{ js $labels }}',
        expected: "map[instance:host.example.com:9090 job:api special:\\u003Cb\\u003E\\u0026\\'x]",
      },
      {
        template: '{{ urlquery $labels }}',
        expected: 'map%5Binstance%3Ahost.example.com%3A9090+job%3Aapi+special%3A%3Cb%3E%26%27x%5D',
      },
      { template: '{{ html (args 1).nope }}', expected: '&lt;no value&gt;' },
    ],
  },
  {
    name: 'call',
    cases: [
      {
        template: '{{ call 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <call 1>: error calling call: non-function 1 of type int',
      },
      {
        template: '{{ call "x" 2 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <call "x" 2>: error calling call: non-function "x" of type string',
      },
      {
        template: '{{ call nil }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <call nil>: error calling call: call of nil',
      },
      {
        template: '{{ call $labels }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <call $labels>: error calling call: non-function $labels of type map[string]string',
      },
      {
        template: '{{ call }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <call>: wrong number of args for call: want at least 1 got 0',
      },
      {
        template: '{{ 1 | call }}',
        error:
          'template: __alert_T:1:119: executing "__alert_T" at <call>: error calling call: non-function <int Value> of type int',
      },
      {
        template: '{{ "x" | call }}',
        error:
          'template: __alert_T:1:121: executing "__alert_T" at <call>: error calling call: non-function x of type string',
      },
      {
        template: '{{ call .Labels.job }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <call .Labels.job>: error calling call: non-function .Labels.job of type string',
      },
    ],
  },
];
