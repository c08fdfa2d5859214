// Runs evaluations written in the test-script language of Prometheus: `load`, `load_with_nhcb`, `clear`, `eval`.

import {
  gridEndMs,
  Annotations,
  instantGrid,
  Labels,
  parseDuration,
  PromfedError,
  rangeGrid,
  SampleBudget,
  tryParseFloat,
  type Grid,
  type RawSeries,
} from '../../../src/model/index.js';
import { createMemorySource, evaluate, type Value } from '../../../src/promql/eval/index.js';
import { ALL_FEATURES, parseExpr, parseSelector, type Expr } from '../../../src/promql/language/index.js';
import { planLocally } from '../../../src/promql/plan/index.js';

import {
  convertClassic,
  tryExpandHistograms,
  withStoredHints,
  type ScriptSeries,
  type WrittenHistogram,
} from './histogram-script.js';
import { annotationProblem, parseOldForm, tryParseExpectation, type Expectation } from './expectations.js';
import { columnsProblem, near, type Item, type Row } from './rows.js';
import { onGrid, stepOf } from './steps.js';
import { rerunsOf } from './reruns.js';

/** What became of one `eval`. */
export interface ScriptResult {
  readonly line: number;
  readonly expr: string;
  /** Undefined when it passed. What is not built is a problem like any other. */
  readonly problem: string | undefined;
}

const EVAL =
  /^eval(?:_(?<old>\w+))?\s+(?:instant(?:\s+at\s+(?<at>\S+))?|range\s+from\s+(?<from>\S+)\s+to\s+(?<to>\S+)\s+step\s+(?<step>\S+))\s+(?<expr>.*)$/;
/** One `eval` of a script, and what was loaded when it came. */
export interface ScriptEval {
  readonly line: number;
  readonly expr: string;
  readonly grid: Grid;
  readonly isInstant: boolean;
  readonly expectations: readonly Expectation[];
  /** The lines of values. */
  readonly expected: readonly string[];
  /** The same map for evals with no load or clear between them. */
  readonly series: ReadonlyMap<string, ScriptSeries>;
}

/** Every `eval` of a script, in order. */
export function parseScript(script: string): ScriptEval[] {
  const evals: ScriptEval[] = [];
  let series = new Map<string, ScriptSeries>();
  for (const block of blocksOf(script)) {
    const head = block.lines[0]!;
    if (head === 'clear') {
      series = new Map();
    } else if (/^load\b|^load_with_nhcb\b/.test(head)) {
      series = new Map([...series].map(([key, one]) => [key, copyOf(one)]));
      load(block.lines, series);
    } else if (head.startsWith('eval')) {
      evals.push(parseEval(block, series));
    } else {
      throw new Error(`line ${block.line}: ${head}`);
    }
  }
  return evals;
}

/** Runs a script; every `eval` gives one result, in order. Never throws for what an `eval` does. */
export async function runScript(script: string, delayedNameRemoval = true): Promise<ScriptResult[]> {
  const results: ScriptResult[] = [];
  for (const one of parseScript(script)) results.push(await runEval(one, delayedNameRemoval));
  return results;
}

interface Block {
  readonly line: number;
  readonly lines: readonly string[];
}

function blocksOf(script: string): Block[] {
  const blocks: { line: number; lines: string[] }[] = [];
  let open = false;
  script.split('\n').forEach((raw, i) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) {
      open = false;
    } else if (!open || /^(load|eval|clear)\b/.test(line)) {
      blocks.push({ line: i + 1, lines: [line] });
      open = true;
    } else {
      blocks.at(-1)!.lines.push(line);
    }
  });
  return blocks;
}

function load(lines: readonly string[], into: Map<string, ScriptSeries>): void {
  const [command, intervalText] = lines[0]!.split(/\s+/);
  const intervalMs = parseDuration(intervalText!);
  const loaded = new Map<string, ScriptSeries>();
  /** The start timestamps of the line to come, each relative to its sample. */
  let starts: readonly (number | undefined)[] = [];
  for (const line of lines.slice(1)) {
    const { labels, rest, isStarts } = parseSeries(line);
    if (isStarts) {
      starts = expandStarts(rest);
      continue;
    }
    const target = loaded.get(labels.key) ?? emptySeries(labels);
    loaded.set(labels.key, target);
    expand(rest).forEach((value, i) => {
      if (value === undefined) return;
      const timeMs = i * intervalMs;
      target.samples.set(timeMs, isWritten(value) ? value.histogram : value);
      const start = starts[i];
      if (start !== undefined) target.startsMs.set(timeMs, timeMs + start);
    });
    starts = [];
  }
  const converted = command === 'load_with_nhcb' ? convertClassic(loaded.values()) : [];
  for (const { labels, samples, startsMs } of [...loaded.values(), ...converted]) {
    const target = into.get(labels.key) ?? emptySeries(labels);
    into.set(labels.key, target);
    for (const [timeMs, sample] of samples) target.samples.set(timeMs, sample);
    for (const [timeMs, startMs] of startsMs) target.startsMs.set(timeMs, startMs);
  }
}

function emptySeries(labels: Labels): ScriptSeries {
  return { labels, samples: new Map(), startsMs: new Map() };
}

function copyOf({ labels, samples, startsMs }: ScriptSeries): ScriptSeries {
  return { labels, samples: new Map(samples), startsMs: new Map(startsMs) };
}

/** Splits `name{l="v"} rest`, or `name{l="v"}@st rest`; labels are parsed by the language itself. */
function parseSeries(line: string): { labels: Labels; rest: string; isStarts: boolean } {
  let quoted: string | undefined;
  let depth = 0;
  let end = 0;
  for (; end < line.length; end++) {
    const c = line[end]!;
    if (quoted !== undefined) {
      if (c === '\\' && quoted !== '`') end++;
      else if (c === quoted) quoted = undefined;
    } else if (c === '"' || c === "'" || c === '`') quoted = c;
    else if (c === '{') depth++;
    else if (c === '}') depth--;
    else if (/\s/.test(c) && depth === 0) break;
  }
  const isStarts = line.slice(0, end).endsWith('@st');
  const text = line.slice(0, isStarts ? end - 3 : end);
  const rest = line.slice(end).trim();
  if (text === '{}') return { labels: Labels.EMPTY, rest, isStarts };
  return { labels: Labels.of(parseSelector(text).map(({ name, value }) => [name, value])), rest, isStarts };
}

const START =
  /^(?:_|(?<value>[+-]?(?:0|(?:[0-9]+[a-z]+)+))(?<delta>[+-](?:[0-9]+[a-z]+)+)?)(?:x(?<times>[0-9]+))?$/;

/** Durations relative to the samples, written as values are: `_`, `-1m`, `-30s-1mx4`. */
function expandStarts(text: string): (number | undefined)[] {
  const starts: (number | undefined)[] = [];
  for (const item of text.split(/\s+/)) {
    const match = START.exec(item);
    if (match === null) throw new Error(`no start timestamp: ${item}`);
    const { value, delta, times } = match.groups!;
    const count = times === undefined ? 1 : value === undefined ? Number(times) : Number(times) + 1;
    for (let i = 0; i < count; i++) {
      starts.push(value === undefined ? undefined : signedMs(value) + i * signedMs(delta ?? '0'));
    }
  }
  return starts;
}

function signedMs(text: string): number {
  const duration = text.replace(/^[+-]/, '');
  const ms = duration === '0' ? 0 : parseDuration(duration);
  return text.startsWith('-') ? -ms : ms;
}

const ITEM =
  /^(?<value>_|stale|[+-]?(?:inf|nan|[0-9.]+(?:e[+-]?[0-9]+)?))(?<delta>[+-][0-9.]+(?:e[+-]?[0-9]+)?)?(?:x(?<times>[0-9]+))?$/i;

function isWritten(item: Item): item is WrittenHistogram {
  return typeof item === 'object';
}

const ITEMS = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x[0-9]+)?|\S+/g;

function expand(text: string): Item[] {
  const values: Item[] = [];
  for (const [item] of text.matchAll(ITEMS)) {
    const histograms = tryExpandHistograms(item);
    if (histograms !== undefined) {
      values.push(...histograms);
      continue;
    }
    const { value, delta, times } = ITEM.exec(item)?.groups ?? {};
    if (value === undefined) throw new Error(`no series value: ${item}`);
    const count = times === undefined ? 1 : value === '_' ? Number(times) : Number(times) + 1;
    for (let i = 0; i < count; i++) {
      if (value === '_') values.push(undefined);
      else if (value === 'stale') values.push('stale');
      else values.push(parseValue(value) + i * Number(delta ?? 0));
    }
  }
  return values;
}

function parseValue(text: string): number {
  const lower = text.toLowerCase();
  if (lower === 'nan') return NaN;
  if (/^[+-]?inf$/.test(lower)) return lower.startsWith('-') ? -Infinity : Infinity;
  const value = tryParseFloat(text);
  if (value === undefined) throw new Error(`no number: ${text}`);
  return value;
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

/** A time or a duration of a script, in milliseconds. */
export function timeOf(text: string): number {
  if (text.startsWith('-')) return -timeOf(text.slice(1));
  return /^[0-9.]+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
}

function parseEval(block: Block, series: ReadonlyMap<string, ScriptSeries>): ScriptEval {
  const groups = EVAL.exec(block.lines[0]!)?.groups;
  if (groups === undefined) throw new Error(`line ${block.line}: ${block.lines[0]!}`);
  const { old, at, from, to, step, expr } = groups;
  const expectations = old === undefined ? [] : [parseOldForm(old)];
  const expected: string[] = [];
  for (const line of block.lines.slice(1)) {
    const expectation = tryParseExpectation(line);
    if (expectation === undefined) expected.push(line);
    else expectations.push(expectation);
  }
  return {
    line: block.line,
    expr: expr!,
    grid:
      from === undefined
        ? instantGrid(timeOf(at ?? '0'))
        : rangeGrid(timeOf(from), timeOf(to!), timeOf(step!)),
    isInstant: from === undefined,
    expectations,
    expected,
    series,
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
  if ('error' in outcome && outcome.error.code === 'not_built')
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

/** Lines of values: the labels, and a sample for each step, undefined for none. */
export function parseRows(lines: readonly string[]): Row[] {
  return lines.map((line) => {
    const { labels, rest } = parseSeries(line);
    return { labels, values: expand(rest) };
  });
}
