// Rules and their data for the benchmark: generated rule files, and series that the selectors of rules match.

import { parse, stringify } from 'yaml';

import type { TestSeries } from '../../test/helpers/series/series-set.js';
import { METRIC_NAME, type Matcher } from '../../src/model/index.js';
import { parseExpr, walk } from '../../src/promql/language/index.js';

/** Pods of each selector. */
const PODS = 10;
const RULES_PER_GROUP = 20;

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

/** Returns the expressions of a rule file. */
export function expressionsOf(ruleFile: string): string[] {
  return (parse(ruleFile) as RuleFile).groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
}

/** Returns the expressions of generated rules: no two are equal, and every third one is a ratio. */
export function generatedExpressions(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const errors = `sum by (cluster, namespace) (rate(errors_total{job="job-${i % 7}"}[5m]))`;
    const requests = `sum by (cluster, namespace) (rate(requests_total{job="job-${i % 7}"}[5m]))`;
    switch (i % 3) {
      case 0:
        return `${errors} / ${requests} > ${1 + i / 1000}`;
      case 1:
        return `max by (cluster, pod) (temperature{job="job-${i % 7}"}) > ${100 + i}`;
      default:
        return `pod_ready{job="job-${i % 7}"} == ${-1 - i}`;
    }
  });
}

/** Returns a rule file with alerts on generated expressions. */
export function generatedRules(count: number): string {
  const rules = generatedExpressions(count).map((expr, i) => ({
    alert: `Generated${i}`,
    expr,
    for: '10m',
    labels: { severity: 'warning' },
    annotations: { summary: '{{ $labels.pod }}: {{ $value | humanize }}' },
  }));
  const groups = Array.from({ length: Math.ceil(count / RULES_PER_GROUP) }, (_, i) => ({
    name: `generated-${i}`,
    rules: rules.slice(i * RULES_PER_GROUP, (i + 1) * RULES_PER_GROUP),
  }));
  return stringify({ groups });
}

export interface RuleSeriesOptions {
  readonly region: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly intervalMs: number;
}

/**
 * Returns gauges that the selectors of the expressions match. Selectors without a metric name are ignored. All values are
 * 1, so that few alerts fire, as in a healthy system.
 */
export function seriesOfSelectors(
  expressions: readonly string[],
  { region, startMs, endMs, intervalMs }: RuleSeriesOptions,
): TestSeries[] {
  const timestamps: number[] = [];
  for (let timeMs = startMs; timeMs <= endMs; timeMs += intervalMs) timestamps.push(timeMs);
  const values = timestamps.map(() => 1);
  return labelSetsOf(expressions).flatMap((labels) =>
    Array.from({ length: PODS }, (_, i) => {
      const namespace = labels['namespace'] ?? `namespace-${i % 3}`;
      const pod = labels['pod'] ?? `pod-${i}`;
      return {
        labels: { cluster: region, instance: `10.0.0.${i}:8080`, ...labels, namespace, pod },
        timestamps,
        values,
      };
    }),
  );
}

/** Returns the labels that the selectors require, each set once. */
function labelSetsOf(expressions: readonly string[]): Readonly<Record<string, string>>[] {
  const sets = new Map<string, Readonly<Record<string, string>>>();
  for (const expression of expressions) {
    walk(parseExpr(expression), (node) => {
      if (node.kind !== 'vectorSelector') return;
      const labels = Object.fromEntries(node.matchers.flatMap(labelOf));
      if (labels[METRIC_NAME] !== undefined) sets.set(JSON.stringify(labels), labels);
    });
  }
  return [...sets.values()];
}

/** Returns a label that satisfies the matcher: for a regular expression, its first alternative when that is literal. */
function labelOf({ name, op, value }: Matcher): [name: string, value: string][] {
  const [literal] = /^[\w-]+/.exec(value) ?? [];
  if (literal === undefined) return [];
  return op === '=' ? [[name, value]] : op === '=~' ? [[name, literal]] : [];
}
