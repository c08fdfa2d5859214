// Runs evaluations written in the test-script language of Prometheus.

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
import { ALL_FEATURES, parseExpr, type Expr } from '../../../src/promql/language/index.js';
import { planLocally } from '../../../src/promql/plan/index.js';
import { SampleBudget } from '../../../src/runtime/index.js';

import { annotationProblem } from './expectations.js';
import { withStoredHints, type ScriptSeries } from './histogram-script.js';
import { parseRows, parseScript, parseValue, timeOf, type ScriptEval } from './parse-script.js';
import { rerunsOf } from './reruns.js';
import { columnsProblem, near } from './rows.js';
import { onGrid, stepOf } from './steps.js';

/** What became of one `eval`. */
export interface ScriptResult {
  readonly line: number;
  readonly expr: string;
  /** Undefined when it passed. What is not built is a problem like any other. */
  readonly problem: string | undefined;
}

/** Runs a script; every `eval` gives one result, in order. Never throws for what an `eval` does. */
export async function runScript(script: string, delayedNameRemoval = true): Promise<ScriptResult[]> {
  const results: ScriptResult[] = [];
  for (const one of parseScript(script)) results.push(await runEval(one, delayedNameRemoval));
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

/** What is wrong with an outcome, over the grid of the eval; undefined when it is what the eval expects. */
function problemOf(outcome: Outcome, one: ScriptEval, { sameTime = true } = {}): string | undefined {
  const fails = one.expectations.filter(({ kind }) => kind === 'fail');
  if ('error' in outcome) {
    const { message } = outcome.error;
    if (fails.length === 0) return `failed: ${message}`;
    return fails.every(({ matches }) => matches(message)) ? undefined : `failed otherwise: ${message}`;
  }
  if (fails.length > 0) return 'did not fail';
  return (
    compare(outcome.value, one) ??
    // Some annotations name the time of the evaluation.
    (sameTime ? annotationProblem(outcome.annotations, one.expectations) : undefined)
  );
}

function isOrdered({ expectations }: ScriptEval): boolean {
  return expectations.some(({ kind }) => kind === 'ordered');
}

async function runEval(one: ScriptEval, delayedNameRemoval: boolean): Promise<ScriptResult> {
  const { line, expr, grid } = one;
  const series = [...one.series.values()].map(rawSeries);
  const outcome = await outcomeOf((annotations) =>
    evaluateText(expr, grid, series, annotations, { delayedNameRemoval }),
  );
  if ('error' in outcome && outcome.error.code === 'unsupported')
    return { line, expr, problem: outcome.error.message };
  const problem =
    problemOf(outcome, one) ??
    (one.isInstant ? await tryRerunProblem(one, series, outcome, delayedNameRemoval) : undefined);
  return { line, expr, problem };
}

/** What is wrong with the first of the reruns that does not give the same. */
async function tryRerunProblem(
  one: ScriptEval,
  series: readonly RawSeries[],
  outcome: Outcome,
  delayedNameRemoval: boolean,
): Promise<string | undefined> {
  const fails = 'error' in outcome;
  // What is no query has nothing to run again; strings and matrices are not of ranges.
  if (fails ? outcome.error.code === 'bad_data' : /^(string|matrix)$/.test(outcome.value.type))
    return undefined;
  const parsed = parseExpr(one.expr, { features: ALL_FEATURES });
  for (const { name, expr, grid, step } of rerunsOf(parsed, one.grid.startMs, isOrdered(one))) {
    // Over a range, another step may be the first to fail.
    if (fails && grid.count > 1) continue;
    const again = await outcomeOf(async (annotations) => {
      const limits = { maxSamples: 50_000_000, delayedNameRemoval };
      return stepOf(await evaluateExpr(expr, one.expr, grid, series, annotations, limits), step);
    });
    const sameTime = grid.count === 1 && grid.startMs === one.grid.startMs;
    const problem = problemOf(again, one, { sameTime });
    if (problem !== undefined) return `${name}: ${problem}`;
  }
  return undefined;
}

/** Evaluates a query over series, with the settings that the reference runner has. */
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
    fetched: () => Promise.reject(new Error('nothing is fetched here')),
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

function compare(value: Value, one: ScriptEval): string | undefined {
  const { expected, expectations, grid } = one;
  if (value.type === 'string') {
    const wanted = expectations.find(({ kind }) => kind === 'string');
    const literal = wanted === undefined ? undefined : parseExpr(wanted.text);
    const isWanted = literal?.kind === 'string' && literal.value === value.value;
    return isWanted ? undefined : `the string ${value.value}`;
  }
  if (value.type === 'matrix') {
    const range = expectations.find(({ kind }) => kind === 'range')?.text;
    const [, from, to, step] = /^vector from (\S+) to (\S+) step (\S+)$/.exec(range ?? '') ?? [];
    if (step === undefined) return 'a matrix';
    const times = rangeGrid(timeOf(from!), timeOf(to!), timeOf(step));
    const columns = value.series.map((one) => onGrid(one, times));
    if (columns.includes(undefined)) return 'samples at other times';
    const vector = {
      type: 'vector',
      ordered: false,
      columns: columns.filter((one) => one !== undefined),
    } as const;
    return compare(vector, { ...one, grid: times });
  }
  if (value.type === 'scalar') {
    if (grid.count > 1) {
      const present = new Uint8Array(grid.count).fill(1);
      const columns = [{ labels: Labels.EMPTY, values: value.values, present }];
      const vector = { type: 'vector', ordered: false, columns } as const;
      return compare(vector, one);
    }
    const got = value.values[0]!;
    return expected.length === 1 && near(got, parseValue(expected[0]!)) ? undefined : `the scalar ${got}`;
  }
  return columnsProblem(value.columns, parseRows(expected), grid, isOrdered(one));
}
