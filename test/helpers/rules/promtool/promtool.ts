// Compares the rules that promfed evaluated with promtool: the results become expectations of a unit test.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { Labels, rangeGrid, type Column } from '../../../../src/model/index.js';
import { evaluateText } from '../../promqltest/run-script.js';
import type { Evaluated } from './evaluate.js';
import { ruleGroups, type Scenario, type ScenarioSample } from './scenario.js';

export interface TestRulesResult {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a function on a folder with files, which is removed. */
export async function withFiles<Result>(
  files: Readonly<Record<string, string>>,
  run: (directory: string) => Result | Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'promfed-promtool-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    return await run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs promtool. */
export function runPromtool(...args: readonly string[]): TestRulesResult {
  const promtool = resolve('.real-servers/bin/promtool');
  const { status, stdout, stderr } = spawnSync(promtool, args, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  return { status: status ?? -1, out: stdout, err: stderr };
}

/** Runs promtool on the unit test `test.yaml`. */
function check(files: Readonly<Record<string, string>>): Promise<TestRulesResult> {
  return withFiles(files, (directory) => runPromtool('test', 'rules', join(directory, 'test.yaml')));
}

/** The differences that promtool found between its own results and those of promfed; empty when there are none. */
export async function differences(
  scenario: Scenario,
  evaluated: Evaluated,
  originMs = 0,
): Promise<string | undefined> {
  const lastStep = evaluated.firing.length - 1 - (evaluated.failures.length > 0 ? 1 : 0);
  const files = { 'rules.yaml': scenario.rules };
  if (lastStep >= 0) {
    const { status, err } = await check(await unitTestFiles(scenario, evaluated, lastStep, originMs));
    if (status !== 0 && !isRounding(err)) return err;
  }
  if (evaluated.failures.length === 0) return undefined;
  const failedAt = duration((lastStep + 1) * scenario.intervalMs);
  const test = {
    ...unitTest(scenario),
    promql_expr_test: [{ expr: 'vector(1)', eval_time: failedAt, exp_samples: [{ labels: '{}', value: 1 }] }],
  };
  const { err: output } = await check({ ...files, 'test.yaml': testFile(scenario, test) });
  const theirs = [...output.matchAll(/^ +rule: (.*), time: \S+, err: (.*)$/gm)].map(
    ([, rule, err]) => `${rule}: ${general(err!)}`,
  );
  const ours = evaluated.failures.map(({ rule, message }) => `${rule}: ${general(message)}`);
  return theirs.join('\n') === ours.join('\n')
    ? undefined
    : `failures at ${failedAt}\nexp: ${ours.join('\n     ')}\n${output}`;
}

/** Returns the files of a unit test that expects the results of promfed. */
export async function unitTestFiles(
  scenario: Scenario,
  evaluated: Evaluated,
  lastStep: number,
  originMs = 0,
): Promise<{ readonly 'rules.yaml': string; readonly 'test.yaml': string }> {
  const test = { ...unitTest(scenario), ...(await expectations(scenario, evaluated, lastStep, originMs)) };
  return { 'rules.yaml': scenario.rules, 'test.yaml': testFile(scenario, test) };
}

/** The text of an error without the series that it found first. */
function general(text: string): string {
  return text.replace(/ for the match group.*?;/, ';');
}

type UnitTest = Readonly<Record<string, unknown>>;

function testFile({ rules, intervalMs }: Scenario, test: UnitTest): string {
  const file = {
    rule_files: ['rules.yaml'],
    evaluation_interval: duration(intervalMs),
    fuzzy_compare: true,
    group_eval_order: ruleGroups(rules, intervalMs).map(({ name }) => name),
    tests: [test],
  };
  return JSON.stringify(file, undefined, 1).replace(/"@@(.*?)@@"/g, '$1');
}

function unitTest({ intervalMs, regions, externalLabels, externalUrl }: Scenario): UnitTest {
  return {
    interval: duration(intervalMs),
    input_series: regions.flatMap(({ labels: groupLabels, series }) =>
      series.map(({ labels, samples }) => ({
        series: seriesText(Labels.from({ ...labels, ...groupLabels })),
        values: samples.map(notation).join(' '),
      })),
    ),
    ...(externalLabels !== undefined && { external_labels: externalLabels }),
    ...(externalUrl !== undefined && { external_url: externalUrl }),
  };
}

/** Labels in a form that promtool parses, whatever their names. */
function seriesText(labels: Labels): string {
  const parts = [...labels].map(([name, value]) =>
    name === '__name__'
      ? JSON.stringify(value)
      : `${/^\w+$/.test(name) ? name : JSON.stringify(name)}=${JSON.stringify(value)}`,
  );
  return `{${parts.join(',')}}`;
}

function notation(sample: ScenarioSample): string {
  if (sample === undefined) return '_';
  if (sample === Infinity) return 'Inf';
  if (sample === -Infinity) return '-Inf';
  return String(sample);
}

async function expectations(
  { rules, intervalMs }: Scenario,
  { firing, written }: Evaluated,
  lastStep: number,
  originMs: number,
): Promise<UnitTest> {
  const groups = ruleGroups(rules, intervalMs);
  const alertNames = new Set(
    groups.flatMap((group) => group.rules.filter(({ kind }) => kind === 'alerting').map(({ name }) => name)),
  );
  const recorded = groups.flatMap((group) =>
    group.rules.filter(({ kind }) => kind === 'recording').map(({ name }) => name),
  );
  const alertTests = firing.slice(0, lastStep + 1).flatMap((alerts, step) =>
    [...alertNames].map((alertname) => ({
      eval_time: duration(step * intervalMs),
      alertname,
      exp_alerts: alerts
        .filter(({ rule }) => rule === alertname)
        .map(({ labels, annotations }) => ({
          exp_labels: Object.fromEntries(Object.entries(labels).filter(([name]) => name !== 'alertname')),
          exp_annotations: annotations,
        })),
    })),
  );
  const exprTests: object[] = [];
  const grid = rangeGrid(originMs, originMs + lastStep * intervalMs, intervalMs);
  for (const name of new Set(['ALERTS', 'ALERTS_FOR_STATE', ...recorded])) {
    const selector = `{__name__=${JSON.stringify(name)}}`;
    const value = await evaluateText(selector, grid, [...written]);
    if (value.type !== 'vector') throw new Error(`the result of ${name} is not a vector`);
    const shiftS = name === 'ALERTS_FOR_STATE' ? originMs / 1000 : 0;
    for (let step = 0; step <= lastStep; step++) {
      exprTests.push(...expectedSamples(selector, value.columns, step, duration(step * intervalMs), shiftS));
    }
  }
  return { alert_rule_test: alertTests, promql_expr_test: exprTests };
}

/** promtool compares NaN as different from NaN: such samples are compared by their labels. */
function expectedSamples(
  selector: string,
  columns: readonly Column[],
  step: number,
  evalTime: string,
  shiftS: number,
): object[] {
  const present = columns.filter((column) => column.present[step] !== 0);
  const isNan = (column: Column): boolean => Number.isNaN(column.values[step]!);
  const samples = present
    .filter((column) => !isNan(column))
    .map((column) => ({
      labels: seriesText(column.labels),
      value: yamlFloat(column.values[step]! - shiftS),
    }));
  if (!present.some(isNan)) return [{ expr: selector, eval_time: evalTime, exp_samples: samples }];
  const labelsOnly = present
    .filter(isNan)
    .map(({ labels }) => ({ labels: seriesText(labels.drop(new Set(['__name__']))), value: 1 }));
  return [
    { expr: `${selector} == ${selector}`, eval_time: evalTime, exp_samples: samples },
    { expr: `group without () (${selector} != ${selector})`, eval_time: evalTime, exp_samples: labelsOnly },
  ];
}

/** Numbers that JSON lacks are written as YAML has them. */
function yamlFloat(value: number): number | string {
  if (Number.isFinite(value)) return value;
  return value > 0 ? '@@.inf@@' : '@@-.inf@@';
}

function duration(ms: number): string {
  return `${ms}ms`;
}

const SAMPLE = /(\{.*?\}|[\w:]+(?:\{.*?\})?) (NaN|[+-]?Inf|[-+0-9.E]+)(?=, |$)/g;

/** Reports whether all differences are rounding errors of recorded values. */
function isRounding(output: string): boolean {
  const pairs = [...output.matchAll(/^ {8}exp: (.*)\n {8}got: (.*)$/gm)];
  const others = output.match(/alertname: |err: |parse|panic/g);
  return pairs.length > 0 && others === null && pairs.every(([, exp, got]) => isNear(exp!, got!));
}

function isNear(exp: string, got: string): boolean {
  const [ours, theirs] = [exp, got].map((text) => [...text.matchAll(SAMPLE)]);
  return (
    ours!.length === theirs!.length &&
    ours!.length > 0 &&
    ours!.every(([, labels, value], i) => {
      const [, theirLabels, theirValue] = theirs![i]!;
      const [a, b] = [Number(value), Number(theirValue)];
      return labels === theirLabels && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
    })
  );
}
