// The rule files of a real deployment over series that are made for their selectors.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { compileMatchers, Labels, type Matcher } from '../../../../src/model/index.js';
import { parseExpr, walk } from '../../../../src/promql/language/index.js';
import { random } from '../../series/series-set.js';
import { ruleGroups, type Scenario, type ScenarioSample, type ScenarioSeries } from './scenario.js';

const SERIES_OF_SELECTOR = 3;

export interface NamedScenario {
  readonly name: string;
  readonly scenario: Scenario;
}

export interface KofScenarioTimes {
  /** Default 60,000. */
  readonly intervalMs?: number;
  /** Default 100. */
  readonly steps?: number;
}

/** One scenario for each file of a folder, over two regions. */
export function kofScenarios(folder: string, times: KofScenarioTimes = {}): NamedScenario[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => ({ name, scenario: scenarioOf(readFileSync(join(folder, name), 'utf8'), times) }));
}

/** Returns the scenario without some rules. */
export function withoutRules(scenario: Scenario, names: ReadonlySet<string>): Scenario {
  const file = parse(scenario.rules) as { groups: { rules: { alert?: string }[] }[] };
  const groups = file.groups.map((group) => ({
    ...group,
    rules: group.rules.filter(({ alert = '' }) => !names.has(alert)),
  }));
  return { ...scenario, rules: JSON.stringify({ groups }) };
}

function scenarioOf(rules: string, { intervalMs = 60_000, steps = 100 }: KofScenarioTimes): Scenario {
  const region = (name: string): Scenario['regions'][number] => ({
    name,
    labels: { promxyCluster: name },
    series: seriesFor(rules, name, steps),
  });
  return {
    rules,
    regions: [region('eu'), region('us')],
    intervalMs,
    steps,
    externalLabels: { source: 'promxy' },
    externalUrl: 'http://promfed.example:9090',
  };
}

function seriesFor(rules: string, region: string, steps: number): ScenarioSeries[] {
  const names = labelNames(rules);
  const byKey = new Map<string, ScenarioSeries>();
  for (const rule of ruleGroups(rules, 60_000).flatMap((group) => group.rules)) {
    walk(parseExpr(rule.expr), (node) => {
      if (node.kind !== 'vectorSelector') return;
      for (let i = 0; i < SERIES_OF_SELECTOR; i++) {
        for (const one of seriesOf(node.matchers, names, { region, i, steps })) {
          byKey.set(Labels.from(one.labels).key, one);
        }
      }
    });
  }
  return [...byKey.values()];
}

/** Names of labels that the rules group by or show. */
function labelNames(rules: string): string[] {
  const grouped = [
    ...rules.matchAll(/\b(?:by|on|ignoring|without|group_left|group_right)\s*\(([^)]*)\)/g),
  ].flatMap(([, list]) => list!.split(','));
  const shown = [...rules.matchAll(/\$labels\.(\w+)/g)].map(([, name]) => name!);
  return [...new Set([...grouped, ...shown].map((name) => name.trim()))].filter(
    (name) => /^[a-z]\w*$/.test(name) && name !== 'le',
  );
}

/** Series that a selector matches; none when no value is found for a matcher. */
function seriesOf(
  matchers: readonly Matcher[],
  names: readonly string[],
  { region, i, steps }: { readonly region: string; readonly i: number; readonly steps: number },
): ScenarioSeries[] {
  const labels: Record<string, string> = {};
  for (const name of names) labels[name] = `${name}-${region}-${i}`;
  for (const { name, op, value } of matchers) {
    if (op === '=') labels[name] = value;
    if (op === '=~') labels[name] = alternatives(value)[i % alternatives(value).length]!;
  }
  if (!compileMatchers(matchers)(Labels.from(labels))) return [];
  const metric = labels['__name__'] ?? '';
  if (metric.startsWith('ALERTS')) return [];
  const isCounter = /_(?:total|bucket|sum|count)$/.test(metric);
  const samples = (seed: string): ScenarioSample[] =>
    isCounter ? counter(random(seed), steps) : gauge(random(seed), steps);
  const seed = `${region}/${Labels.from(labels).key}`;
  // A selector without a name also selects ALERTS_FOR_STATE, which is 0 for alerts that are active at time 0 of promtool.
  if (metric === '') return [{ labels, samples: [undefined, ...samples(seed).slice(1)] }];
  if (!metric.endsWith('_bucket')) return [{ labels, samples: samples(seed) }];
  const total = counter(random(seed), steps);
  return ['0.1', '1', '60', '3600', '+Inf'].map((le, bucket) => ({
    labels: { ...labels, le },
    samples: total.map((sample) => (typeof sample === 'number' ? sample * (bucket + 1) : sample)),
  }));
}

/** Simple texts that a pattern may match. */
function alternatives(pattern: string): string[] {
  return pattern
    .replace(/[()^$]/g, '')
    .split('|')
    .map((text) =>
      text
        .replace(/\\\\?\./g, '.')
        .replace(/\.[+*]/g, 'x')
        .replace(/\[(.)[^\]]*\]\+?/g, '$1'),
    );
}

/** A gauge that keeps its level for a while, is sometimes missing, and sometimes ends. */
function gauge(next: () => number, steps: number): ScenarioSample[] {
  const levels = [0, 0, 1, 1, 2, 5, 0.5, 100, 7200, 1e9];
  return runs(next, steps, () => levels[Math.floor(next() * levels.length)]!);
}

function counter(next: () => number, steps: number): ScenarioSample[] {
  let total = 0;
  let increment = 0;
  let left = 0;
  return Array.from({ length: steps + 1 }, () => {
    if (left-- <= 0) {
      left = 10 + Math.floor(next() * 40);
      increment = Math.floor(next() * 4) * 60;
    }
    if (next() < 0.01) total = 0;
    return (total += increment);
  });
}

function runs(next: () => number, steps: number, level: () => number): ScenarioSample[] {
  const samples: ScenarioSample[] = [];
  while (samples.length <= steps) {
    const length = 5 + Math.floor(next() * 60);
    const kind = next();
    const value = kind < 0.08 ? undefined : level();
    for (let i = 0; i < length; i++) samples.push(value);
    if (kind > 0.95) samples.push('stale');
  }
  return samples.slice(0, steps + 1);
}
