// Runner of Prometheus' test scripts, with promfed's evaluator on raw samples.

import {
  Annotations,
  gridEndMs,
  Labels,
  PromfedError,
  rangeGrid,
  type Grid,
  type RawSeries,
  type Value,
} from '../../../src/model/index.js';
import { createMemorySource, evaluate } from '../../../src/promql/eval/index.js';
import { parseExpr, type Expr } from '../../../src/promql/language/index.js';
import { planLocally } from '../../../src/promql/plan/index.js';
import { SampleBudget } from '../../../src/runtime/index.js';

import { compareAnnotations } from './expectations.js';
import { withStoredHints } from '../../../src/rules/unit-test/histogram-notation.js';
import type { ScriptSeries } from './histogram-notation.js';
import { parseValue } from '../../../src/rules/unit-test/series-notation.js';
import { parseRows, parseScript, timeOf, type ScriptEval } from './parse-script.js';
import { rerunsOf } from './reruns.js';
import { compareColumns, near } from './rows.js';
import { tryColumnOnGrid, stepOf } from './steps.js';
import { ALL_FEATURES } from '../promql/all-features.js';

/** The result of one `eval`. */
export interface ScriptResult {
  readonly line: number;
  readonly expr: string;
  /** The difference to the expected result; undefined if the eval passed. */
  readonly problem: string | undefined;
}

/**
 * Runs a script and returns the result of each eval, in order. Errors of evals are problems in their results.
 *
 * @throws Error for an invalid script.
 */
export async function runScript(script: string, delayedNameRemoval = true): Promise<ScriptResult[]> {
  const results: ScriptResult[] = [];
  for (const scriptEval of parseScript(script)) results.push(await runEval(scriptEval, delayedNameRemoval));
  return results;
}

function rawSeries({ labels, samples, startsMs }: ScriptSeries): RawSeries {
  const sorted = [...samples].sort(([a], [b]) => a - b);
  const hinted = withStoredHints(sorted.map(([, sample]) => sample));
  const histograms = hinted.map((sample) => (typeof sample === 'object' ? sample : undefined));
  return {
    labels,
    timestamps: Float64Array.from(sorted, ([timeMs]) => timeMs),
    values: Float64Array.from(sorted, ([, value]) => (typeof value === 'number' ? value : NaN)),
    stale: Uint8Array.from(sorted, ([, value]) => (value === 'stale' ? 1 : 0)),
    startTimestamps: Float64Array.from(sorted, ([timeMs]) => startsMs.get(timeMs) ?? 0),
    ...(histograms.some((histogram) => histogram !== undefined) ? { histograms } : {}),
  };
}

type Outcome =
  { readonly value: Value; readonly annotations: Annotations } | { readonly error: PromfedError };

async function outcomeOf(evaluation: (annotations: Annotations) => Promise<Value>): Promise<Outcome> {
  const annotations = new Annotations();
  try {
    return { value: await evaluation(annotations), annotations };
  } catch (error) {
    if (error instanceof PromfedError) return { error };
    throw error;
  }
}

/** Compares an outcome on the grid of the eval with its expectations. Returns the difference, or `undefined`. */
function compareOutcome(
  outcome: Outcome,
  scriptEval: ScriptEval,
  { sameTime = true } = {},
): string | undefined {
  const fails = scriptEval.expectations.filter(({ kind }) => kind === 'fail');
  if ('error' in outcome) {
    const { message } = outcome.error;
    if (fails.length === 0) return `failed: ${message}`;
    return fails.every(({ matches }) => matches(message))
      ? undefined
      : `failed with another error: ${message}`;
  }
  if (fails.length > 0) return 'did not fail';
  return (
    compare(outcome.value, scriptEval) ??
    // Some annotations contain the evaluation time.
    (sameTime ? compareAnnotations(outcome.annotations, scriptEval.expectations) : undefined)
  );
}

function isOrdered({ expectations }: ScriptEval): boolean {
  return expectations.some(({ kind }) => kind === 'ordered');
}

async function runEval(scriptEval: ScriptEval, delayedNameRemoval: boolean): Promise<ScriptResult> {
  const { line, expr, grid } = scriptEval;
  const series = [...scriptEval.series.values()].map(rawSeries);
  const outcome = await outcomeOf((annotations) =>
    evaluateText(expr, grid, series, annotations, { delayedNameRemoval }),
  );
  if ('error' in outcome && outcome.error.code === 'unsupported')
    return { line, expr, problem: outcome.error.message };
  const problem =
    compareOutcome(outcome, scriptEval) ??
    (scriptEval.isInstant ? await compareReruns(scriptEval, series, outcome, delayedNameRemoval) : undefined);
  return { line, expr, problem };
}

/** Runs the additional evaluations. Returns the first difference, or `undefined`. */
async function compareReruns(
  scriptEval: ScriptEval,
  series: readonly RawSeries[],
  outcome: Outcome,
  delayedNameRemoval: boolean,
): Promise<string | undefined> {
  const fails = 'error' in outcome;
  // An invalid query cannot be evaluated again. Strings and matrices are not allowed in range queries.
  if (fails ? outcome.error.code === 'bad_data' : /^(string|matrix)$/.test(outcome.value.type))
    return undefined;
  const parsed = parseExpr(scriptEval.expr, { features: ALL_FEATURES });
  for (const { name, expr, grid, step } of rerunsOf(parsed, scriptEval.grid.startMs, isOrdered(scriptEval))) {
    // In a range query another step may fail first.
    if (fails && grid.count > 1) continue;
    const rerun = await outcomeOf(async (annotations) => {
      const limits = { maxSamples: 50_000_000, delayedNameRemoval };
      return stepOf(await evaluateExpr(expr, scriptEval.expr, grid, series, annotations, limits), step);
    });
    const sameTime = grid.count === 1 && grid.startMs === scriptEval.grid.startMs;
    const problem = compareOutcome(rerun, scriptEval, { sameTime });
    if (problem !== undefined) return `${name}: ${problem}`;
  }
  return undefined;
}

/** Evaluates a query on series, with the settings of Prometheus' runner. */
export async function evaluateText(
  text: string,
  grid: Grid,
  series: readonly RawSeries[],
  annotations = new Annotations(),
  { maxSamples = 50_000_000, delayedNameRemoval = true } = {},
): Promise<Value> {
  const expr = parseExpr(text, { features: ALL_FEATURES });
  return evaluateExpr(expr, text, grid, series, annotations, { maxSamples, delayedNameRemoval });
}

async function evaluateExpr(
  expr: Expr,
  text: string,
  grid: Grid,
  series: readonly RawSeries[],
  annotations: Annotations,
  { maxSamples, delayedNameRemoval }: { readonly maxSamples: number; readonly delayedNameRemoval: boolean },
): Promise<Value> {
  const defaultStepMs = 60_000;
  const plan = planLocally(expr, {
    startMs: grid.startMs,
    endMs: gridEndMs(grid),
    stepMs: grid.count === 1 ? 0 : grid.stepMs,
    defaultStepMs,
  });
  return evaluate(plan, {
    grid,
    fetched: () => Promise.reject(new Error('unexpected fetch')),
    samples: createMemorySource(series),
    lookbackDeltaMs: 300_000,
    defaultStepMs,
    budget: new SampleBudget({ maxSamples }),
    annotations,
    signal: new AbortController().signal,
    delayedNameRemoval,
    queryText: text,
  });
}

function compare(value: Value, scriptEval: ScriptEval): string | undefined {
  const { expected, expectations, grid } = scriptEval;
  if (value.type === 'string') {
    const expectation = expectations.find(({ kind }) => kind === 'string');
    const literal = expectation === undefined ? undefined : parseExpr(expectation.text);
    const isEqual = literal?.kind === 'string' && literal.value === value.value;
    return isEqual ? undefined : `got the string ${value.value}`;
  }
  if (value.type === 'matrix') {
    const range = expectations.find(({ kind }) => kind === 'range')?.text;
    const [, from, to, step] = /^vector from (\S+) to (\S+) step (\S+)$/.exec(range ?? '') ?? [];
    if (step === undefined) return 'got a matrix';
    const times = rangeGrid(timeOf(from!), timeOf(to!), timeOf(step));
    const columns = value.series.map((series) => tryColumnOnGrid(series, times));
    if (columns.includes(undefined)) return 'got samples at other times';
    const vector = {
      type: 'vector',
      ordered: false,
      columns: columns.filter((column) => column !== undefined),
    } as const;
    return compare(vector, { ...scriptEval, grid: times });
  }
  if (value.type === 'scalar') {
    if (grid.count > 1) {
      const present = new Uint8Array(grid.count).fill(1);
      const columns = [{ labels: Labels.EMPTY, values: value.values, present }];
      const vector = { type: 'vector', ordered: false, columns } as const;
      return compare(vector, scriptEval);
    }
    const actual = value.values[0]!;
    return expected.length === 1 && near(actual, parseValue(expected[0]!))
      ? undefined
      : `got the scalar ${actual}`;
  }
  return compareColumns(value.columns, parseRows(expected), grid, isOrdered(scriptEval));
}
