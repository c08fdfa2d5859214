// Loads a unit test of rules, with its rule files.

import { dirname, isAbsolute, join } from 'node:path';

import { ConfigError } from '../config-error.js';
import { createShapeCheck } from '../file/check.js';
import { decode } from '../file/decode.js';
import {
  unitTestFileSchema,
  type UnitTestFile,
  type UnitTestGroupFile,
} from '../file/schema/unit-test-file.js';
import type { SchemaNode } from '../file/schema-walk.js';
import { parseYaml } from '../file/yaml-document.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { parseTestTime, parseYamlNumber } from '../text/parse-number.js';
import type { CheckRuleFileOptions } from './check-rule-file.js';
import { checkTemplate } from './check-template.js';
import { loadRuleFiles, readRuleFile, ruleFileSystem } from './load-rule-files.js';
import type { RuleGroupSettings } from './rule-settings.js';
import { DEFAULT_INTERVAL_MS } from './rule-sections.js';
import type { InputSeriesSettings, UnitTestFileSettings, UnitTestSettings } from './unit-test-settings.js';

export type LoadedUnitTest =
  | { readonly file: UnitTestFileSettings; readonly warnings: readonly string[] }
  | { readonly problems: readonly string[]; readonly warnings: readonly string[] };

const checkShape = createShapeCheck(unitTestFileSchema);

/** Reads a unit test and the rule files that it names. Never throws. */
export function loadUnitTest(path: string, options: CheckRuleFileOptions): LoadedUnitTest {
  const read = readRuleFile(path);
  if ('problem' in read) return { problems: [`cannot load the unit test: ${read.problem}`], warnings: [] };
  try {
    const decoded = decode(parseYaml(read.text, path), unitTestFileSchema as SchemaNode);
    const problems = [...decoded.problems, ...checkShape(decoded)];
    if (problems.length > 0) throw new ConfigError(path, problems);
    return createUnitTest(path, decoded.value as UnitTestFile, options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: [error.message], warnings: [] };
  }
}

/** @throws ConfigError */
function createUnitTest(path: string, file: UnitTestFile, options: CheckRuleFileOptions): LoadedUnitTest {
  const { group_eval_order: order = [], rule_files: patterns = [] } = file;
  const repeated = order.find((name, i) => order.indexOf(name) < i);
  if (repeated !== undefined) {
    // Prometheus' text
    return { problems: [`group name repeated in evaluation order: ${repeated}`], warnings: [] };
  }
  const absolute = patterns.map((pattern) => (isAbsolute(pattern) ? pattern : join(dirname(path), pattern)));
  const warnings = absolute
    .filter((pattern) => ruleFileSystem.glob(pattern).length === 0)
    .map((pattern) => `no file match pattern ${pattern}`);
  const evaluationIntervalMs = durationOf(file.evaluation_interval) || DEFAULT_INTERVAL_MS;
  const byInterval = new Map<number, readonly RuleGroupSettings[]>();
  const groupsOf = (intervalMs: number): readonly RuleGroupSettings[] => {
    let groups = byInterval.get(intervalMs);
    if (groups === undefined) {
      groups = inOrder(loadGroups(path, absolute, intervalMs, options), order);
      byInterval.set(intervalMs, groups);
    }
    return groups;
  };
  const tests = (file.tests ?? []).map((test): UnitTestSettings => {
    const intervalMs = durationOf(test.interval) || evaluationIntervalMs;
    return { ...createTest(test), intervalMs, ruleGroups: groupsOf(intervalMs) };
  });
  return { file: { evaluationIntervalMs, fuzzyCompare: file.fuzzy_compare ?? false, tests }, warnings };
}

/** @throws ConfigError with the problems of the rule files. */
function loadGroups(
  path: string,
  patterns: readonly string[],
  intervalMs: number,
  options: CheckRuleFileOptions,
): readonly RuleGroupSettings[] {
  const { groups, problems } = loadRuleFiles(patterns, {
    directory: '',
    defaults: { intervalMs, queryOffsetMs: 0, partialResponse: undefined },
    canRecord: true,
    ...options,
    checkTemplate,
    files: ruleFileSystem,
  });
  if (problems.length > 0) throw new ConfigError(path, problems);
  return groups;
}

/** Groups that the order does not have are evaluated with the first one. Source: Prometheus (`orderedGroups`). */
function inOrder(groups: readonly RuleGroupSettings[], order: readonly string[]): RuleGroupSettings[] {
  const positionOf = ({ name }: RuleGroupSettings): number => Math.max(0, order.indexOf(name));
  return [...groups].sort((a, b) => positionOf(a) - positionOf(b));
}

function createTest(test: UnitTestGroupFile): Omit<UnitTestSettings, 'intervalMs' | 'ruleGroups'> {
  return {
    name: test.name ?? '',
    startMs: test.start_timestamp === undefined ? 0 : parseTestTime(test.start_timestamp),
    inputSeries: seriesOf(test.input_series),
    regions: (test.regions ?? []).map(({ name, labels, input_series: series }, i) => ({
      name: name ?? `region ${i + 1}`,
      labels: Object.entries(labels ?? {}),
      inputSeries: seriesOf(series),
    })),
    alertTests: (test.alert_rule_test ?? []).map(
      ({ alertname, eval_time: time, exp_alerts: alerts = [] }) => ({
        evalTimeMs: durationOf(time),
        alertName: alertname ?? '',
        expected: alerts.map(({ exp_labels: labels = {}, exp_annotations: annotations = {} }) => ({
          labels: Object.entries(labels),
          annotations: Object.entries(annotations),
        })),
      }),
    ),
    exprTests: (test.promql_expr_test ?? []).map(({ expr, eval_time: time, exp_samples: samples = [] }) => ({
      expr: expr ?? '',
      evalTimeMs: durationOf(time),
      expected: samples.map(({ labels = '', value, histogram = '' }) => ({
        labels,
        value: value === undefined ? 0 : parseYamlNumber(value),
        histogram,
      })),
    })),
    externalLabels: Object.entries(test.external_labels ?? {}),
    externalUrl: test.external_url ?? '',
  };
}

type SeriesFile = NonNullable<UnitTestGroupFile['input_series']>;

function seriesOf(series: SeriesFile | undefined): InputSeriesSettings[] {
  return (series ?? []).map(({ series: labels = '', values = '' }) => ({ series: labels, values }));
}

function durationOf(text: string | undefined): number {
  return text === undefined ? 0 : Math.ceil(parseConfigDuration(text));
}
