// Functions of strings.

import type { TemplateGroup } from './template-case.js';

export const STRING_CASES: readonly TemplateGroup[] = [
  {
    name: 'strings',
    cases: [
      { template: '{{ title "aa bb CC" }}', expected: 'Aa Bb CC' },
      {
        template: '{{ title "foo-bar foo_bar foo.bar it\'s a/b 1abc x:y ßa ǆ é" }}',
        expected: "Foo-Bar Foo_bar Foo.bar It's A/B 1Abc X:y Ssa ǅ É",
      },
      { template: '{{ toUpper "aa bB ß é" }}', expected: 'AA BB ß É' },
      { template: '{{ toLower "aA bB É İ Σ" }}', expected: 'aa bb é i σ' },
      { template: '{{ reReplaceAll "(a)b" "x$1" "ab" }}', expected: 'xa' },
      { template: '{{ reReplaceAll "a*" "-" "baac" }}', expected: '-b-c-' },
      { template: '{{ reReplaceAll "(?P<n>b)" "[${n}]" "abc" }}', expected: 'a[b]c' },
      { template: '{{ reReplaceAll "b" "$$" "abc" }}', expected: 'a$c' },
      { template: '{{ reReplaceAll "(b)" "$1x" "abc" }}', expected: 'ac' },
      { template: '{{ reReplaceAll "(b)" "${1}x" "abc" }}', expected: 'abxc' },
      { template: '{{ reReplaceAll "b" "$" "abc" }}', expected: 'a$c' },
      { template: '{{ reReplaceAll "b" "${" "abc" }}', expected: 'a${c' },
      { template: '{{ reReplaceAll "(b)" "$2" "abc" }}', expected: 'ac' },
      { template: '{{ reReplaceAll "" "-" "é😀" }}', expected: '-é-😀-' },
      {
        template: '{{ reReplaceAll "(" "x" "abc" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <reReplaceAll "(" "x" "abc">: error calling reReplaceAll: regexp: Compile(`(`): error parsing regexp: missing closing ): `(`',
      },
      {
        template: '{{ reReplaceAll "`(" "x" "abc" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <reReplaceAll "`(" "x" "abc">: error calling reReplaceAll: regexp: Compile("`("): error parsing regexp: missing closing ): ``(`',
      },
      { template: '{{ reReplaceAll ":.*" "" $labels.instance }}', expected: 'host.example.com' },
      {
        template: '{{ reReplaceAll "^(.*)\\\\.example\\\\.com:(\\\\d+)$" "$1/$2" $labels.instance }}',
        expected: 'host/9090',
      },
      { template: '{{ "abc" | reReplaceAll "b" "x" }}', expected: 'axc' },
      {
        template: '{{ match "a+" "aa" }} {{ match "a+" "b" }} {{ match "^h.*0$" $labels.instance }}',
        expected: 'true false true',
      },
      {
        template: '{{ match "(" "a" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <match "(" "a">: error calling match: error parsing regexp: missing closing ): `(`',
      },
      {
        template: '{{ match "a{1001}" "a" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <match "a{1001}" "a">: error calling match: error parsing regexp: invalid repeat count: `{1001}`',
      },
      { template: '{{ match "a.b" "a\\nb" }}', expected: 'false' },
      { template: '{{ match "(?s)a.b" "a\\nb" }}', expected: 'true' },
      {
        template: '{{ match "*" "a" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <match "*" "a">: error calling match: error parsing regexp: missing argument to repetition operator: `*`',
      },
      {
        template: '{{ match "\\\\" "a" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <match "\\\\" "a">: error calling match: error parsing regexp: trailing backslash at end of expression: ``',
      },
      { template: '{{ safeHtml "<b>" }}', expected: '<b>' },
      {
        template: '{{ safeHtml 1 }}',
        error: 'template: __alert_T:1:124: executing "__alert_T" at <1>: expected string; found 1',
      },
      {
        template: '{{ title 1 }}',
        error: 'template: __alert_T:1:121: executing "__alert_T" at <1>: expected string; found 1',
      },
      {
        template: '{{ graphLink "up{a=\\"b c\\"}" }}',
        expected: '/graph?g0.expr=up%7Ba%3D%22b+c%22%7D&g0.tab=0',
      },
      { template: '{{ tableLink "up" }}', expected: '/graph?g0.expr=up&g0.tab=1' },
      {
        template:
          '{{ stripPort "foo.example.com:12345" }} {{ stripPort "foo" }} {{ stripPort "192.0.2.1:1" }} {{ stripPort "2001:0DB8::1" }} {{ stripPort "[2001:0DB8::1]:12345" }} {{ stripPort "[2001:0DB8::1]::12345" }} {{ stripPort "[::1]" }} {{ stripPort ":80" }} {{ stripPort "" }} {{ stripPort "a:" }}',
        expected: 'foo.example.com foo 192.0.2.1 2001:0DB8::1 2001:0DB8::1 [2001:0DB8::1]::12345 [::1]   a',
      },
      {
        template:
          '{{ stripDomain "foo.example.com" }} {{ stripDomain "foo.example.com:12345" }} {{ stripDomain "192.0.2.1" }} {{ stripDomain "192.0.2.1:12345" }} {{ stripDomain "2001:0DB8::1" }} {{ stripDomain "[2001:0DB8::1]:12345" }} {{ stripDomain "[2001:0DB8::1]::12345" }} {{ stripDomain "foo" }} {{ stripDomain "foo.bar:" }} {{ stripDomain ".x:1" }}',
        expected:
          'foo foo:12345 192.0.2.1 192.0.2.1:12345 2001:0DB8::1 [2001:0DB8::1]:12345 [2001:0DB8::1]::12345 foo foo :1',
      },
      {
        template: '{{ pathPrefix }} {{ externalURL }}',
        expected: '/path/prefix http://prom.example/path/prefix',
      },
      {
        template:
          '{{ parseDuration "1h2m10ms" | printf "%0.2f" }} {{ parseDuration "-1h2m10ms" | printf "%0.2f" }} {{ parseDuration "0" }} {{ parseDuration "1d" }} {{ parseDuration "1y" }}',
        expected: '3720.01 -3720.01 0 86400 3.1536e+07',
        isNew: true,
      },
      {
        template: '{{ parseDuration "x" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <parseDuration "x">: error calling parseDuration: not a valid duration string: "x"',
      },
      {
        template: '{{ parseDuration "1.5" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <parseDuration "1.5">: error calling parseDuration: unknown unit "." in duration "1.5"',
      },
      {
        template: '{{ parseDuration "1h2y" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <parseDuration "1h2y">: error calling parseDuration: not a valid duration string: "1h2y"',
      },
      {
        template: '{{ parseDuration "1h2z" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <parseDuration "1h2z">: error calling parseDuration: unknown unit "z" in duration "1h2z"',
      },
      { template: '{{ printf "%#O %#o %#X" 8 8 1.5 }}', expected: '0o010 010 0X1.8P+00' },
      { template: '{{ printf "%p" 1 }}', expected: '%!p(int=1)' },
      {
        template: '{{ printf "%.1g %.1e %.0f %.2g %.3g" 2.5e10 2.5e10 2.5 0.125 1.0005 }}',
        expected: '2e+10 2.5e+10 2 0.12 1',
      },
      {
        template: '{{ printf "%.1e %.1e %.2f %.1f %.15f" 35e20 45e20 0.125 0.35 0.1 }}',
        expected: '3.5e+21 4.5e+21 0.12 0.3 0.100000000000000',
      },
      {
        template: '{{ printf "%#v" (toTime 0) }}',
        expected: 'time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)',
      },
      {
        template: '{{ printf "%d %.2f" (toTime 1.5) (toTime 1.5) }}',
        expected:
          '&{500000000 62135596801 0} &{%!f(uint64=500000000) %!f(int64=62135596801) %!f(*time.Location=<nil>)}',
      },
      { template: '{{ printf "%.2v|%#.2v" "abc" "abc" }}', expected: 'ab|"ab"' },
      { template: '{{ printf "%5T|%05T|%.2T" nil nil 1 }}', expected: '<nil>|<nil>|in' },
      {
        template: '{{ slice (query "TWO" | first) 1 }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <slice (query "TWO" | first) 1>: error calling slice: can\'t slice item of type template.sample',
      },
      {
        template: '{{ parseDuration "" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <parseDuration "">: error calling parseDuration: empty duration string',
      },
      {
        template: '{{ parseDuration "-" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <parseDuration "-">: error calling parseDuration: empty duration string',
        isNew: true,
      },
      {
        template: '{{ parseDuration "1000y" }}',
        error:
          'template: __alert_T:1:115: executing "__alert_T" at <parseDuration "1000y">: error calling parseDuration: duration out of range',
      },
      {
        template: '{{ parseDuration 1 }}',
        error: 'template: __alert_T:1:129: executing "__alert_T" at <1>: expected string; found 1',
      },
      { template: '{{ toUpper $labels.job | printf "%s!" | toLower }}', expected: 'api!' },
      { template: '{{ args 1 "a" }}', expected: 'map[arg0:1 arg1:a]' },
      { template: '{{ args }}', expected: 'map[]' },
      { template: '{{ printf "%T" (args 1) }}', expected: 'map[string]interface {}' },
      { template: '{{ (args 1 "b").arg1 }}', expected: 'b' },
      {
        template: '{{ printf "%#v" (args 1 "b" 2.5) }}',
        expected: 'map[string]interface {}{"arg0":1, "arg1":"b", "arg2":2.5}',
      },
      { template: '{{ title $labels.job }}', expected: 'Api' },
      {
        template: '{{ toUpper $value }}',
        error:
          'template: __alert_T:1:123: executing "__alert_T" at <$value>: wrong type for value; expected string; got float64',
      },
      { template: '{{ stripPort $labels.instance }}', expected: 'host.example.com' },
      { template: '{{ stripDomain $labels.instance }}', expected: 'host:9090' },
      {
        template: '{{ title (safeHtml "x") }}',
        error:
          'template: __alert_T:1:131: executing "__alert_T" at <"x">: wrong type for value; expected string; got template.HTML',
      },
      { template: '{{ reReplaceAll "x*" "-" "abxd" }}', expected: '-a-b-d-' },
      { template: '{{ reReplaceAll "(?i)B" "x" "abB" }}', expected: 'axx' },
      { template: '{{ reReplaceAll "\\\\b" "|" "ab cd" }}', expected: '|ab| |cd|' },
    ],
  },
];
