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
  matchesHistogram,
  tryExpandHistograms,
  withStoredHints,
  type ScriptSeries,
  type WrittenHistogram,
} from './histogram-script.js';
import { onGrid, stepOf } from './steps.js';
import { rerunsOf } from './reruns.js';

/** What became of one `eval`. */
export interface ScriptResult {
  readonly line: number;
  readonly expr: string;
  /** Undefined when it passed. What is not built is a problem like any other. */
  readonly problem: string | undefined;
}

interface Expectation {
  readonly kind: 'fail' | 'warn' | 'info' | 'no_warn' | 'no_info' | 'ordered' | 'string' | 'range';
  readonly matches: (text: string) => boolean;
  readonly text: string;
}

const EVAL =
  /^eval(?:_(?<legacy>fail|warn|info|ordered))? (instant at (?<at>\S+)|range from (?<from>\S+) to (?<to>\S+) step (?<step>\S+)) (?<expr>.*)$/;
const EXPECT = /^expect (fail|warn|info|no_warn|no_info|ordered|string|range)\b\s*(?:(msg|regex):\s*)?(.*)$/;

/** Runs a script; every `eval` gives one result, in order. Never throws for what an `eval` does. */
export async function runScript(script: string, delayedNameRemoval = true): Promise<ScriptResult[]> {
  const blocks = blocksOf(script);
  const results: ScriptResult[] = [];
  let series = new Map<string, ScriptSeries>();
  for (const block of blocks) {
    const head = block.lines[0]!;
    if (head === 'clear') {
      series = new Map();
    } else if (head.startsWith('load')) {
      load(block.lines, series);
    } else if (head.startsWith('eval')) {
      results.push(await runEval(block, series, delayedNameRemoval));
    } else {
      throw new Error(`line ${block.line}: ${head}`);
    }
  }
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

type Item = number | 'stale' | WrittenHistogram | undefined;

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

function timeOf(text: string): number {
  return /^[0-9.]+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
}

async function runEval(
  block: Block,
  series: ReadonlyMap<string, ScriptSeries>,
  delayedNameRemoval: boolean,
): Promise<ScriptResult> {
  const groups = EVAL.exec(block.lines[0]!)?.groups;
  if (groups === undefined) throw new Error(`line ${block.line}: ${block.lines[0]!}`);
  const expr = groups['expr']!;
  const grid =
    groups['at'] === undefined
      ? rangeGrid(timeOf(groups['from']!), timeOf(groups['to']!), timeOf(groups['step']!))
      : instantGrid(timeOf(groups['at']));
  const body = block.lines.slice(1);
  const done = (problem: string | undefined): ScriptResult => ({ line: block.line, expr, problem });
  const expectations = body.filter((line) => line.startsWith('expect')).map(parseExpectation);
  if (groups['legacy'] !== undefined) expectations.push(parseExpectation(`expect ${groups['legacy']}`));
  const expected = body.filter((line) => !line.startsWith('expect'));
  const annotations = new Annotations();
  let value: Value;
  try {
    value = await evaluateText(expr, grid, [...series.values()].map(rawSeries), annotations, {
      delayedNameRemoval,
    });
  } catch (error) {
    if (!(error instanceof PromfedError)) throw error;
    const fail = expectations.find(({ kind }) => kind === 'fail');
    if (fail === undefined || error.code === 'not_built') return done(`failed: ${error.message}`);
    return done(fail.matches(error.message) ? undefined : `failed otherwise: ${error.message}`);
  }
  const ordered = expectations.some(({ kind }) => kind === 'ordered');
  const problem = expectations.some(({ kind }) => kind === 'fail')
    ? 'did not fail'
    : (compare(value, expected, expectations, grid, ordered) ??
      compareAnnotations(annotations, expectations));
  if (problem === undefined && grid.count === 1 && value.type !== 'string' && value.type !== 'matrix') {
    const rerun = await tryRerunProblem(
      expr,
      [...series.values()].map(rawSeries),
      { expected, expectations, ordered, delayedNameRemoval },
      grid,
    );
    return done(rerun);
  }
  return done(problem);
}

/** What is wrong with the first of the reruns that does not give the same. */
async function tryRerunProblem(
  text: string,
  series: readonly RawSeries[],
  {
    expected,
    expectations,
    ordered,
    delayedNameRemoval,
  }: {
    readonly expected: readonly string[];
    readonly expectations: readonly Expectation[];
    readonly ordered: boolean;
    readonly delayedNameRemoval: boolean;
  },
  instant: Grid,
): Promise<string | undefined> {
  const parsed = parseExpr(text, { features: ALL_FEATURES });
  for (const { name, expr, grid, step } of rerunsOf(parsed, instant.startMs, ordered)) {
    const annotations = new Annotations();
    // Some annotations name the time of the evaluation.
    const sameTime = grid.count === 1 && grid.startMs === instant.startMs;
    const limits = { maxSamples: 50_000_000, delayedNameRemoval };
    try {
      const value = await evaluateExpr(expr, text, grid, series, annotations, limits);
      const problem =
        compare(stepOf(value, step), expected, expectations, instant, ordered) ??
        (sameTime ? compareAnnotations(annotations, expectations) : undefined);
      if (problem !== undefined) return `${name}: ${problem}`;
    } catch (error) {
      if (!(error instanceof PromfedError)) throw error;
      return `${name}: failed: ${error.message}`;
    }
  }
  return undefined;
}

function parseExpectation(line: string): Expectation {
  const [, kind, how, text] = EXPECT.exec(line) ?? [];
  if (kind === undefined) throw new Error(`no expectation: ${line}`);
  const pattern = how === 'regex' ? new RegExp(text!) : undefined;
  return {
    kind: kind as Expectation['kind'],
    matches: (message) => (pattern ? pattern.test(message) : how === 'msg' ? message === text : true),
    text: text!,
  };
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

function compare(
  value: Value,
  expected: readonly string[],
  expectations: readonly Expectation[],
  grid: Grid,
  ordered: boolean,
): string | undefined {
  if (value.type === 'string') {
    const wanted = expectations.find(({ kind }) => kind === 'string')?.text;
    return wanted?.slice(1, -1) === value.value ? undefined : `the string ${value.value}`;
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
    return compare(vector, expected, expectations, times, false);
  }
  if (value.type === 'scalar') {
    if (grid.count > 1) {
      const present = new Uint8Array(grid.count).fill(1);
      const columns = [{ labels: Labels.EMPTY, values: value.values, present }];
      const vector = { type: 'vector', ordered: false, columns } as const;
      return compare(vector, expected, expectations, grid, false);
    }
    const got = value.values[0]!;
    return expected.length === 1 && near(got, parseValue(expected[0]!)) ? undefined : `the scalar ${got}`;
  }
  const wanted = expected.map((line) => {
    const { labels, rest } = parseSeries(line);
    return { labels, values: expand(rest) };
  });
  const got = value.columns.map(({ labels, values, present, histograms }) => ({
    labels,
    values: [...values].map((sample, i) =>
      present[i] === 0 ? undefined : present[i] === 2 ? histograms![i]! : sample,
    ),
  }));
  const print = (all: readonly { labels: Labels; values: readonly unknown[] }[]): string =>
    all
      .map(({ labels, values }) => `${labels.toString()} ${values.slice(0, 20).map(printSample).join(' ')}`)
      .join('; ');
  const problem = `got ${print(got)} for ${print(wanted)}`;
  if (got.length !== wanted.length) return problem;
  if (new Set(got.map(({ labels }) => labels.key)).size < got.length) return `twice in ${problem}`;
  for (const [i, { labels, values }] of wanted.entries()) {
    const match = ordered ? got[i]! : got.find((candidate) => candidate.labels.equals(labels));
    if (!match?.labels.equals(labels)) return problem;
    for (let step = 0; step < grid.count; step++) {
      const [a, b] = [match.values[step], values[step]];
      if (a === undefined && b === undefined) continue;
      if (typeof a === 'object' && isWritten(b)) {
        if (matchesHistogram(a, b, near)) continue;
        return problem;
      }
      if (typeof a !== 'number' || typeof b !== 'number' || !near(a, b)) return problem;
    }
  }
  return undefined;
}

function printSample(sample: unknown): string {
  return typeof sample === 'number' ? String(sample) : JSON.stringify(sample ?? '_');
}

function compareAnnotations(
  annotations: Annotations,
  expectations: readonly Expectation[],
): string | undefined {
  for (const kind of ['warn', 'info'] as const) {
    const got = kind === 'warn' ? annotations.warnings : annotations.infos;
    const wanted = expectations.filter((expectation) => expectation.kind === kind);
    if (expectations.some((expectation) => expectation.kind === `no_${kind}`) && got.length > 0) {
      return `annotations: ${got.join('; ')}`;
    }
    if (wanted.length === 0) continue;
    const withoutPlace = got.map((text) => text.replace(/ \([0-9]+:[0-9]+\)$/, ''));
    const both = [...got, ...withoutPlace];
    if (!wanted.every((expectation) => both.some((text) => expectation.matches(text)))) {
      return `annotations: ${got.join('; ')}`;
    }
    if (!got.every((text, i) => wanted.some((w) => w.matches(text) || w.matches(withoutPlace[i]!)))) {
      return `annotations: ${got.join('; ')}`;
    }
  }
  return undefined;
}

function near(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  return Math.abs(a - b) / (Math.abs(a) + Math.abs(b)) < 1e-6;
}
