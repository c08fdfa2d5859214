// Rules and series for comparisons in real time, with an interval of a second as the unit.

import fc from 'fast-check';
import { parse } from 'yaml';

import { randomScenario } from '../promtool/random-scenarios.js';
import type { ScenarioRegion, ScenarioSample, ScenarioSeries } from '../promtool/scenario.js';

/** The regions of random scenarios. */
const LIVE_REGIONS = ['r0', 'r1'] as const;

const CURATED = `
- name: states
  rules:
  - { alert: High, expr: 'temp > 5', annotations: { text: '{{ $labels.pod }} in {{ $labels.region }}: {{ $value }}' } }
  - { alert: HighFor, expr: 'temp > 5', for: 2s, labels: { severity: page, pod: 'x-{{ $labels.pod }}' } }
  - { alert: HighKept, expr: 'temp > 5', for: 1s, keep_firing_for: 3s }
  - { alert: Never, expr: 'temp > 5', for: 1h, labels: { empty: '' } }
  - { alert: Flapping, expr: flap > 0 }
  - { alert: Gone, expr: 'absent(flap{region="r0"}) and on () count(temp)', labels: { region: none } }
  - { alert: Everywhere, expr: 'count(flap) == 2' }
  - { alert: Late, expr: 'last_over_time(recorded:temp:max[2s] offset 6s) > 5' }
- name: recorded
  rules:
  - { record: 'recorded:temp:max', expr: 'max by (region) (temp)' }
  - { record: 'recorded:temp:sum', expr: sum(temp), labels: { team: x } }
  - { record: 'recorded:rate', expr: 'sum by (pod) (rate(req_total[5s]))' }
  - { record: 'recorded:flap', expr: flap, labels: { region: '' , from: a } }
  - { record: 'recorded:ratio', expr: 'sum(rate(req_total{pod="p0"}[6s])) / sum(rate(req_total[6s]))' }
  - { record: 'recorded:top', expr: 'topk by (region) (1, temp + on (pod, region) flap)' }
  - { record: 'chained:flap', expr: 'recorded:flap * 2' }
  - { alert: Chained, expr: 'recorded:temp:max > 5 and on (region) recorded:temp:max < 12', for: 1s }
  - { alert: ChainedTwice, expr: 'chained:flap == 2', keep_firing_for: 2s }
  - { alert: Duplicate, expr: temp > 5, labels: { region: same, pod: same } }
`;

export interface LiveScenario {
  /** A rule file. */
  readonly rules: string;
  readonly alertNames: readonly string[];
  readonly recordNames: readonly string[];
  readonly regions: readonly ScenarioRegion[];
}

interface FileRule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface FileGroup {
  readonly name: string;
  readonly rules: readonly FileRule[];
}

/** Returns curated and random groups over curated and random series. */
export function liveScenario(seed: number, intervalMs: number, queryOffsetMs: number): LiveScenario {
  const random = fc.sample(randomScenario, { numRuns: 4, seed });
  const groups = [
    ...(parse(inUnits(CURATED, intervalMs)) as FileGroup[]),
    ...random.flatMap(({ rules }, i) => {
      // Templates query at the time of the evaluation.
      const settled = rules.replaceAll('sum(a)\\"', `sum(a offset ${queryOffsetMs}ms)\\"`);
      return randomGroups(inUnits(settled, intervalMs), i);
    }),
  ].map((group) => ({ ...group, interval: `${intervalMs}ms`, query_offset: `${queryOffsetMs}ms` }));
  const all = groups.flatMap(({ rules }) => rules);
  return {
    rules: JSON.stringify({ groups }, undefined, 1),
    alertNames: all.flatMap(({ alert }) => alert ?? []),
    recordNames: all.flatMap(({ record }) => record ?? []),
    regions: LIVE_REGIONS.map((name, i) => ({
      name,
      labels: { region: name },
      series: [...curatedSeries(i), ...random[0]!.regions[i]!.series],
    })),
  };
}

/** Durations become multiples of the interval: a second of curated rules, and a minute of random ones. */
function inUnits(rules: string, intervalMs: number): string {
  const isCurated = rules === CURATED;
  return rules.replaceAll(/\b(\d+)([smh])\b/g, (text, count: string, unit: string) => {
    if (unit === 'h') return text;
    const units = isCurated || unit === 'm' ? Number(count) : Number(count) / 60;
    return `${Math.round(units * intervalMs)}ms`;
  });
}

/**
 * The groups of a random rule file without rules that read results from regions, which arrive there by remote write. Results of
 * the own group are read from memory.
 */
function randomGroups(file: string, scenario: number): FileGroup[] {
  const { groups } = JSON.parse(file) as { groups: FileGroup[] };
  return groups.flatMap(({ name, rules }) => {
    const own = new Set(rules.map(({ record }) => record));
    const kept = rules.filter((rule) => {
      const text = JSON.stringify({ ...rule, record: '' });
      const read = [...text.matchAll(RESULT)].map(([metric]) => metric);
      return (
        !/ALERTS|__name__/.test(text) &&
        !/\br\d+(?:\[| offset)/.test(text) &&
        read.every((one) => own.has(one))
      );
    });
    const renamed = kept.map((rule) => ({
      ...rule,
      expr: rule.expr.replaceAll(RESULT, `random:${scenario}:$&`),
      ...(rule.alert === undefined
        ? { record: `random:${scenario}:${rule.record!}` }
        : { alert: `Random${scenario}${rule.alert}` }),
    }));
    return renamed.length === 0 ? [] : [{ name: `random-${scenario}-${name}`, rules: renamed }];
  });
}

/** A recorded metric of a random rule file, but no value of a label. */
const RESULT = /\br\d+\b(?!\\?")/g;

function curatedSeries(region: number): ScenarioSeries[] {
  const length = 60;
  const ticks = Array.from({ length }, (_, tick) => tick);
  const counter = (increment: number): ScenarioSample[] => ticks.map((tick) => (tick % 40) * increment);
  return [
    ...[0, 1, 2].flatMap((pod) => [
      {
        labels: { __name__: 'temp', pod: `p${pod}` },
        samples: ticks.map((tick) => (Math.floor((tick + region) / (3 + pod)) % 2 === 1 ? 10 + pod : 1)),
      },
      { labels: { __name__: 'req_total', pod: `p${pod}` }, samples: counter(1 + pod + 4 * region) },
    ]),
    {
      labels: { __name__: 'flap', pod: 'p0' },
      samples: ticks.map((tick): ScenarioSample => {
        const phase = (tick + 2 * region) % 10;
        return phase < 6 ? 1 : phase === 6 ? 'stale' : undefined;
      }),
    },
  ];
}
