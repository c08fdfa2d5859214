// Rule files that are compared with promtool, one subject each.

import { parseRows } from '../../promqltest/parse-script.js';
import type { Scenario, ScenarioRegion, ScenarioSeries } from './scenario.js';

/** Series in the notation of promtool: `up{job="a"} 1x5 0x5`. */
function scenarioSeries(lines: readonly string[]): ScenarioSeries[] {
  return parseRows(lines).map(({ labels, values }) => ({
    labels: Object.fromEntries(labels),
    samples: values.map((value) => {
      if (typeof value === 'object') throw new Error('scenarios have no histograms');
      return value;
    }),
  }));
}

function region(name: string, lines: readonly string[]): ScenarioRegion {
  return { name, labels: { region: name }, series: scenarioSeries(lines) };
}

const TWO_REGIONS = [
  region('eu', [
    'up{job="api",pod="a"} 1x4 0x11 1x6 0x2 1x60',
    'up{job="api",pod="b"} 1x30 stale _x20 1x20',
    'load{job="api",pod="a",node="n1"} 0+1x30 30-1x30',
    'load{job="api",pod="b",node="n2"} 5x10 _x10 7x10 stale _x5 9x20',
    'requests_total{pod="a",code="500"} 0+30x20 0+60x40',
    'requests_total{pod="a",code="200"} 0+300x60',
  ]),
  region('us', [
    'up{job="api",pod="a"} 0x70',
    'up{job="db",pod="c"} 1x9 _x9 0x9 1x40',
    'load{job="db",pod="c",node="n1"} 10x60',
    'requests_total{pod="c",code="500"} 0+6x60',
    'requests_total{pod="c",code="200"} 0+600x60',
  ]),
  region('ap', [
    'up{job="db",pod="d"} 1x20 0x20 1x20',
    'load{job="db",pod="d",node=""} 2x20 Inf NaN -Inf 3x40',
  ]),
];

function scenario(rules: string, changes: Partial<Scenario> = {}): Scenario {
  return { rules, regions: TWO_REGIONS, intervalMs: 60_000, steps: 62, ...changes };
}

export const curatedScenarios: readonly { readonly name: string; readonly scenario: Scenario }[] = [
  {
    name: 'for, keep_firing_for, and alerts that return',
    scenario: scenario(`
groups:
  - name: durations
    rules:
      - { alert: Now, expr: up == 0 }
      - { alert: AfterFive, expr: up == 0, for: 5m }
      - { alert: Keeps, expr: up == 0, keep_firing_for: 4m }
      - { alert: Both, expr: up == 0, for: 3m, keep_firing_for: 7m30s }
      - { alert: Never, expr: up == 0, for: 3h }
      - { alert: Always, expr: vector(1), for: 90s }
      - { alert: Scalar, expr: "2", for: 1m }
`),
  },
  {
    name: 'labels override labels of series and of the group, and empty ones remove them',
    scenario: scenario(`
groups:
  - name: labels
    labels: { team: ops, job: group, region: moved }
    rules:
      - alert: Overrides
        expr: load > 5
        labels: { job: rule, pod: "", alertname: ignored }
      - alert: Severity
        expr: load > 5
        labels: { severity: "{{ if gt $value 12.0 }}critical{{ else }}warning{{ end }}", region: "" }
      - alert: Missing
        expr: load{pod!="d"} > 5
        labels: { region: "{{ $labels.region }}", nothing: "{{ $labels.nothing }}", job: "{{ $labels.job }}" }
      - { alert: EmptyGroupLabel, expr: load > 8, labels: { job: x, region: "{{ .Labels.region }}", node: "" } }
      - { record: labels:load, expr: load, labels: { job: "", region: "{{ not expanded }}", node: n } }
`),
  },
  {
    name: 'duplicate label sets fail the rule',
    scenario: scenario(`
groups:
  - name: duplicates
    rules:
      - { record: fine, expr: sum(load) }
      - { alert: Duplicate, expr: load > 10, labels: { region: "", pod: "", node: "", job: "" } }
`),
  },
  {
    name: 'duplicate label sets of a recording rule fail it',
    scenario: scenario(`
groups:
  - name: duplicates
    rules:
      - { record: same, expr: up == 0, labels: { region: "", pod: "", job: "" } }
      - { record: fine, expr: sum(load) }
`),
  },
  {
    // promtool does not set the URL of the functions externalURL and pathPrefix.
    name: 'templates',
    scenario: scenario(
      `
groups:
  - name: templates
    rules:
      - alert: Templates
        expr: load > 11
        labels:
          severity: '{{ if gt $value 20.0 }}page{{ else }}ticket{{ end }}'
        annotations:
          value: '{{ $value }} {{ $value | humanize }} {{ $value | humanize1024 }} {{ $value | humanizeDuration }}'
          labels: '{{ $labels }} {{ $labels.pod }} {{ .Labels.none }} {{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}'
          external: '{{ $externalLabels.source }} {{ $externalURL }}'
          query: '{{ with query "sort(up)" }}{{ . | first | value }} {{ len . }}{{ end }}'
          range: '{{ range query "sort_desc(load)" }}{{ .Labels.pod }}={{ .Value }} {{ end }}'
          sorted: '{{ range query "sum by (pod) (up)" | sortByLabel "pod" }}{{ .Value }}/{{ .Labels.pod }} {{ end }}'
          text: '{{ $labels.pod | toUpper | title }} {{ reReplaceAll "(.)" "<$1>" $labels.pod }} {{ $labels.node | printf "%q" }}'
          numbers: '{{ printf "%.2f %d %e" $value 3 $value }} {{ $value | humanizePercentage }}'
          time: '{{ $value | humanizeTimestamp }} {{ ($value | toTime).Format "2006-01-02T15:04:05Z07:00" }}'
          links: '{{ graphLink "up > 0" }} {{ tableLink "sum(up)" }}'
          state: '{{ query "ALERTS{alertstate=\\"firing\\"}" | len }}'
          empty: ''
          plain: 'no template'
          broken: '{{ first (query "nothing") }}'
          unknown: '{{ $labels.pod.x }}'
          strvalue: '{{ query "count_values(\\"v\\", up)" | sortByLabel "v" | first | label "v" }}'
          define: '{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" $value }}'
          args: '{{ with args 1 2 "three" }}{{ .arg0 }} {{ .arg2 }}{{ end }}'
          durations: '{{ "1h30m" | parseDuration }} {{ stripPort "host:80" }} {{ stripDomain "a.b.c" }}'
          nan: '{{ with query "load{pod=\\"d\\"}" }}{{ . | first | value }} {{ . | first | value | humanize }}{{ end }}'
`,
      {
        externalLabels: { source: 'promxy', cluster: 'mother' },
        externalUrl: 'https://prom.example/path/',
      },
    ),
  },
  {
    name: 'absence',
    scenario: scenario(`
groups:
  - name: absence
    rules:
      - { alert: Absent, expr: 'absent(load{pod="b",region="eu"})', for: 2m, labels: { severity: page } }
      - { alert: AbsentEverywhere, expr: 'absent(up{job="db"} == 1)' }
      - { alert: AbsentOverTime, expr: 'absent_over_time(load{pod="b"}[3m])', keep_firing_for: 2m }
      - { alert: AbsentJob, expr: 'absent(up{job="none", region=~"e.*"})' }
      - { alert: Few, expr: count(up) < 5 }
      - { alert: Unless, expr: 'up{job="api"} unless on (pod) load', for: 1m }
`),
  },
  {
    name: 'a limit fails the rule',
    scenario: scenario(`
groups:
  - name: limited
    limit: 3
    rules:
      - { record: few, expr: sum by (region) (load) }
      - { alert: Many, expr: up == 0, for: 2m }
`),
  },
  {
    name: 'a limit fails a recording rule',
    scenario: scenario(`
groups:
  - name: limited
    limit: 2
    rules:
      - { alert: Many, expr: sum(up) > 100 }
      - { record: many, expr: 'up{region!="ap"} == 0' }
`),
  },
  {
    name: 'chained recording rules and alerts on ALERTS',
    scenario: scenario(`
groups:
  - name: chain
    rules:
      - { alert: Early, expr: 'chain:late > 60' }
      - { record: chain:rate, expr: 'sum by (region, code) (rate(requests_total[5m]))' }
      - { record: chain:total, expr: sum without (code) (chain:rate) }
      - { record: chain:share, expr: 'chain:rate{code="500"} / on (region) chain:total', labels: { kind: share } }
      - { alert: Errors, expr: chain:share > 0.0712, for: 3m, annotations: { share: '{{ printf "%.3f" $value }}' } }
      - { alert: Meta, expr: 'ALERTS{alertname="Errors",alertstate="pending"}', labels: { alertstate: seen } }
      - { alert: Age, expr: 'time() - ALERTS_FOR_STATE{alertname="Errors"} > 120' }
      - { record: chain:late, expr: sum(load) }
      - { record: chain:previous, expr: chain:late offset 1m }
      - { record: chain:window, expr: 'avg_over_time(chain:late[3m])' }
      - { record: chain:subquery, expr: 'max_over_time(sum(load)[4m:2m])' }
      - { record: chain:self, expr: 'sum(chain:self or vector(0)) + 1' }
`),
  },
  {
    name: 'rules that read later rules of their group',
    scenario: scenario(`
groups:
  - name: backwards
    rules:
      - { record: back:third, expr: 'back:second + 1' }
      - { record: back:second, expr: 'back:first + 1' }
      - { record: back:first, expr: sum(load) }
      - { record: back:counter, expr: '(back:counter or vector(0)) + 1' }
      - { record: back:any, expr: 'count({__name__=~"back:.*"})' }
`),
  },
  {
    name: 'deep chains within a group',
    scenario: scenario(`
groups:
  - name: deep
    labels: { team: ops }
    rules:
      - { record: deep:rate, expr: 'rate(requests_total[5m])' }
      - { record: deep:errors, expr: 'sum by (pod) (deep:rate{code="500"})', labels: { team: "" } }
      - { record: deep:all, expr: sum by (pod) (deep:rate) }
      - { record: deep:share, expr: 'deep:errors / on (pod) deep:all' }
      - { record: deep:worst, expr: 'topk(1, deep:share)', labels: { kind: worst } }
      - { record: deep:split, expr: 'label_replace(up, "which", "$1", "pod", "(.*)")' }
      - { record: deep:down, expr: 'deep:split == 0' }
      - { record: deep:none, expr: 'absent(deep:down{job="db"})' }
      - { record: deep:age, expr: 'time() - timestamp(deep:all)' }
      - { record: deep:total, expr: sum(up) }
      - { record: deep:weight, expr: 'up / on () group_left () deep:total' }
      - { record: deep:memory, expr: '(deep:memory or vector(0)) * 0.5 + on () deep:total' }
      - alert: DeepShare
        expr: deep:share > 0.08 and on (pod) deep:down
        for: 1m
        labels: { worst: '{{ with query "deep:worst" }}{{ . | first | label "pod" }}{{ end }}' }
        annotations: { total: '{{ query "deep:total" | first | value }} of {{ query "deep:split" | len }}' }
      - { alert: DeepWeight, expr: 'deep:weight{region="eu"} > 0.2', keep_firing_for: 2m }
      - { alert: DeepTotal, expr: 'deep:total < 3 unless on () deep:none', for: 2m }
`),
  },
  {
    name: 'several groups, in their order',
    scenario: scenario(`
groups:
  - name: first
    rules:
      - { record: first:up, expr: sum by (job) (up) }
      - { record: first:sees_second, expr: second:up }
  - name: second
    labels: { from: second }
    rules:
      - { record: second:up, expr: first:up * 2 }
      - { alert: SameName, expr: first:up < 2 }
  - name: third
    rules:
      - { alert: SameName, expr: second:up < 3, for: 2m }
`),
  },
  {
    name: 'stale series, and values that are infinite or not a number',
    scenario: scenario(`
groups:
  - name: stale
    rules:
      - { record: copy, expr: load }
      - { record: filtered, expr: load > 6 < 20 }
      - { record: changing, expr: 'label_replace(load, "pod", "p-$1", "node", "(.*)")' }
      - { record: counted, expr: 'count_values("value", load)' }
      - { alert: NotANumber, expr: 'load != load', annotations: { value: '{{ $value }}' } }
      - { alert: Infinite, expr: 'abs(load) == Inf', annotations: { value: '{{ $value }} {{ $value | humanizeDuration }}' } }
`),
  },
  {
    name: 'query_offset',
    scenario: scenario(`
groups:
  - name: offset
    query_offset: 2m
    rules:
      - { record: offset:load, expr: load }
      - { record: offset:chained, expr: sum(offset:load) }
      - { record: offset:time, expr: time() }
      - { alert: Offset, expr: 'up == 0', for: 2m, annotations: { now: '{{ query "time()" | first | value }}' } }
`),
  },
  {
    name: 'an interval of seconds, and for of the same length',
    scenario: scenario(
      `
groups:
  - name: seconds
    rules:
      - { alert: Exact, expr: up == 0, for: 15s }
      - { alert: Longer, expr: up == 0, for: 16s }
      - { alert: Millis, expr: up == 0, for: 100ms }
      - { alert: Keep, expr: up == 0, keep_firing_for: 15s }
`,
      { intervalMs: 15_000 },
    ),
  },
  {
    name: 'resolved alerts that return within and after fifteen minutes',
    scenario: scenario(
      `
groups:
  - name: returns
    rules:
      - { alert: Flaps, expr: flapping == 0, for: 1m }
      - { alert: FlapsKept, expr: flapping == 0, for: 2m, keep_firing_for: 3m }
`,
      {
        regions: [
          region('eu', ['flapping 0x3 1x3 0x5 1x16 0x3 1x14 0x4 1x15 0x4', 'other 1x60']),
          region('us', ['flapping{pod="x"} 1 0 1 0 1 0x3 1 0 1 0x4 1x2 0x9 1 0x9 1x3 0x20']),
        ],
      },
    ),
  },
  {
    name: 'UTF-8 names',
    scenario: scenario(
      `
groups:
  - name: 'ünïcode'
    rules:
      - { record: 'größe.summe', expr: 'sum by ("über.region", region) ({"größe.byte"})', labels: { 'label.ä': 'ö' } }
      - alert: 'Größe zu groß'
        expr: '{"größe.summe"} > 4'
        labels: { 'severity.stufe': 'hoch {{ index $labels "über.region" }}' }
        annotations: { 'beschreibung': '{{ index $labels "über.region" }} ✓ {{ $value }}' }
`,
      {
        regions: [
          region('eu', ['{"größe.byte","über.region"="mitte"} 0+1x10']),
          region('us', ['{"größe.byte","über.region"="rand"} 10-1x10']),
        ],
        steps: 12,
      },
    ),
  },
];
