// Loops and templates.

import type { TemplateGroup } from './template-case.js';

export const BLOCK_CASES: readonly TemplateGroup[] = [
  {
    name: 'range',
    cases: [
      { template: '{{ range $labels }}{{ . }};{{ end }}', expected: "host.example.com:9090;api;<b>&'x;" },
      {
        template: '{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}',
        expected: "instance=host.example.com:9090;job=api;special=<b>&'x;",
      },
      {
        template: '{{ range $v := $labels }}{{ $v }};{{ end }}',
        expected: "host.example.com:9090;api;<b>&'x;",
      },
      { template: '{{ range query "vector(1) > 2" }}a{{ else }}none{{ end }}', expected: 'none' },
      {
        template: '{{ range $i, $s := query "TWO" }}{{ $i }}:{{ $s.Labels.a }}={{ $s.Value }};{{ end }}',
        expected: '0:y=2;1:x=1;',
      },
      { template: '{{ range query "TWO" }}{{ .Labels.a }}{{ .Value }}{{ end }}', expected: 'y2x1' },
      { template: '{{ range query "TWO" | sortByLabel "a" }}{{ .Labels.a }}{{ end }}', expected: 'xy' },
      { template: '{{ range 3 }}{{ . }}{{ end }}', expected: '012' },
      { template: '{{ range $i := 3 }}{{ $i }}{{ end }}', expected: '012' },
      { template: '{{ range 0 }}a{{ else }}none{{ end }}', expected: 'none' },
      {
        template: '{{ range $i, $j := 3 }}{{ $i }}{{ end }}',
        error:
          'template: __alert_T:1:131: executing "__alert_T" at <3>: can\'t use 3 to iterate over more than one variable',
      },
      { template: '{{ range 10 }}{{ if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}', expected: '012' },
      { template: '{{ range 5 }}{{ if eq . 3 }}{{ continue }}{{ end }}{{ . }}{{ end }}', expected: '0124' },
      { template: '{{ $s := 0 }}{{ range $s = 3 }}{{ end }}{{ $s }}', expected: '2' },
      {
        template: '{{ range "abc" }}{{ . }}{{ end }}',
        error: 'template: __alert_T:1:121: executing "__alert_T" at <"abc">: range can\'t iterate over abc',
      },
      {
        template: '{{ range $i, $c := "aé" }}{{ $i }}{{ $c }};{{ end }}',
        error: 'template: __alert_T:1:131: executing "__alert_T" at <"aé">: range can\'t iterate over aé',
      },
      {
        template: '{{ range 1.5 }}x{{ end }}',
        error: 'template: __alert_T:1:121: executing "__alert_T" at <1.5>: range can\'t iterate over 1.5',
      },
      {
        template: '{{ range $value }}x{{ end }}',
        error: 'template: __alert_T:1:121: executing "__alert_T" at <$value>: range can\'t iterate over 1.5',
      },
      {
        template: '{{ range . }}x{{ end }}',
        error:
          'template: __alert_T:1:121: executing "__alert_T" at <.>: range can\'t iterate over {map[instance:host.example.com:9090 job:api special:<b>&\'x] map[region:eu] http://prom.example/path/prefix 1.5}',
      },
      {
        template: '{{ range true }}x{{ end }}',
        error: 'template: __alert_T:1:121: executing "__alert_T" at <true>: range can\'t iterate over true',
      },
      {
        template: '{{ range nil }}x{{ end }}',
        error: 'template: __alert_T:1:121: executing "__alert_T" at <nil>: nil is not a command',
      },
      { template: '{{ range -2 }}x{{ else }}none{{ end }}', expected: 'none' },
      { template: '{{ range args 1 "b" 2.5 }}{{ . }};{{ end }}', expected: '1;b;2.5;' },
      {
        template: '{{ range $i, $x := query "TWO" }}{{ if $i }}, {{ end }}{{ $x | label "a" }}{{ end }}',
        expected: 'y, x',
      },
      { template: '{{ range 3 }}{{ range 2 }}{{ . }}{{ break }}{{ end }}{{ end }}', expected: '000' },
      { template: '{{ range 2 }}{{ $x := . }}{{ $x }}{{ end }}', expected: '01' },
      {
        template: '{{ range $i, $v = $labels }}x{{ end }}',
        error: 'template: __alert_T:1:130: executing "__alert_T" at <$labels>: undefined variable: $i',
      },
      { template: "{{ range 'a' }}{{ break }}{{ end }}x", expected: 'x' },
      {
        template: '{{ range .Nope }}x{{ end }}',
        error:
          'template: __alert_T:1:121: executing "__alert_T" at <.Nope>: can\'t evaluate field Nope in type struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
      },
    ],
  },
  {
    name: 'define and template',
    cases: [
      { template: '{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" 1 }}', expected: '[1]' },
      { template: '{{ define "x" }}a{{ end }}{{ template "x" }}', expected: 'a' },
      { template: '{{ define "x" }}{{ . }}{{ end }}{{ template "x" }}', expected: '<no value>' },
      {
        template: '{{ define "x" }}{{ .arg0 }} {{ .arg1 }}{{ end }}{{ template "x" (args 1 "2") }}',
        expected: '1 2',
      },
      { template: '{{ block "b" .Labels }}{{ .job }}{{ end }}', expected: 'api' },
      {
        template: '{{ template "nope" }}',
        error:
          'template: __alert_T:1:124: executing "__alert_T" at <{{template "nope"}}>: template "nope" not defined',
      },
      {
        template: '{{ define "x" }}{{ $labels.job }}{{ end }}{{ template "x" . }}',
        parseError: 'template: __alert_T:1: undefined variable "$labels"',
      },
      {
        template: '{{ define "x" }}{{ .Value.y }}{{ end }}{{ template "x" . }}',
        error:
          'template: __alert_T:1:137: executing "x" at <.Value.y>: can\'t evaluate field y in type interface {}',
      },
      {
        template: '{{ define "x" }}{{ if . }}{{ template "x" "" }}{{ end }}e{{ end }}{{ template "x" "a" }}',
        expected: 'ee',
      },
      {
        template: '{{ define "a" }}1{{ end }}{{ define "b" }}{{ template "a" }}2{{ end }}{{ template "b" }}',
        expected: '12',
      },
      { template: '{{ define "a" }} {{ end }}{{ define "a" }}2{{ end }}{{ template "a" }}', expected: '2' },
      { template: '{{ define "x" }}{{ $ }}{{ end }}{{ template "x" 7 }}', expected: '7' },
      { template: '{{ template "x" 1 }}{{ define "x" }}{{ . }}{{ end }}', expected: '1' },
      { template: '{{ define `raw` }}r{{ end }}{{ template `raw` }}', expected: 'r' },
      {
        template: '{{ with $labels }}{{ template "x" .job }}{{ end }}{{ define "x" }}<{{ . }}>{{ end }}',
        expected: '<api>',
      },
    ],
  },
];
