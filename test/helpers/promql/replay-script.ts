// Replays a test script on a real Prometheus, and says what it answers otherwise than the script expects.

import { bucketsOf, formatTimestamp, gridEndMs, Labels, tryParseFloat } from '../../../src/model/index.js';
import { annotationProblem } from '../../promql/eval/expectations.js';
import { near, type Row } from '../../promql/eval/rows.js';
import { parseRows, parseScript, timeOf, type ScriptEval } from '../../promql/eval/parse-script.js';
import type { ScriptSeries, WrittenHistogram } from '../../promql/eval/histogram-script.js';

import { importIntoPrometheus, startPrometheus, type Teardown } from '../real-servers/real-servers.js';
import type { TestSeries, TestValue } from '../series/series-set.js';

/** What became of one `eval`. */
export interface Replayed {
  readonly eval: ScriptEval;
  /** What Prometheus said. */
  readonly answer: PrometheusAnswer;
  /** Undefined when it was what the script expects. */
  readonly problem: string | undefined;
}

/** An answer of the HTTP API. */
export interface PrometheusAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: readonly unknown[] };
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

type Point = readonly [seconds: number, value: string];
type HistogramPoint = readonly [seconds: number, histogram: ApiHistogram];

interface ApiHistogram {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [edges: number, lower: string, upper: string, count: string])[];
}

interface ApiSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Point;
  readonly values?: readonly Point[];
  readonly histogram?: HistogramPoint;
  readonly histograms?: readonly HistogramPoint[];
}

const FEATURES = ['native-histograms', 'promql-experimental-functions', 'promql-duration-expr'];

/** Replays the evals in order: whatever stands between a load and the next has a Prometheus of its own. */
export async function replayScript(
  t: Teardown,
  script: string,
  delayedNameRemoval: boolean,
): Promise<Replayed[]> {
  const features = [...FEATURES, ...(delayedNameRemoval ? ['promql-delayed-name-removal'] : [])];
  const results: Replayed[] = [];
  let loaded: ScriptEval['series'] | undefined;
  let url = '';
  for (const one of parseScript(script)) {
    // Remote write brings no start timestamps.
    if ([...one.series.values()].some(({ startsMs }) => startsMs.size > 0)) continue;
    if (one.series !== loaded) {
      loaded = one.series;
      ({ url } = await startPrometheus(t, { args: [`--enable-feature=${features.join(',')}`] }));
      await importIntoPrometheus(url, [...loaded.values()].map(writtenSeries));
    }
    const answer = await ask(url, one);
    results.push({ eval: one, answer, problem: problemOf(answer, one) });
  }
  return results;
}

function writtenSeries({ labels, samples }: ScriptSeries): TestSeries<TestValue> {
  const sorted = [...samples].sort(([a], [b]) => a - b);
  return {
    labels: labels.toJSON(),
    timestamps: sorted.map(([timeMs]) => timeMs),
    values: sorted.map(([, sample]) =>
      typeof sample === 'object' ? { histogram: sample, as: 'floats' } : (sample ?? NaN),
    ),
  };
}

async function ask(url: string, { expr, grid, isInstant }: ScriptEval): Promise<PrometheusAnswer> {
  const times = isInstant
    ? { time: formatTimestamp(grid.startMs) }
    : {
        start: formatTimestamp(grid.startMs),
        end: formatTimestamp(gridEndMs(grid)),
        step: String(grid.stepMs / 1000),
      };
  const parameters = new URLSearchParams({ query: expr, ...times });
  const response = await fetch(
    `${url}/api/v1/${isInstant ? 'query' : 'query_range'}?${parameters.toString()}`,
  );
  return (await response.json()) as PrometheusAnswer;
}

function problemOf(
  { status, error, data, warnings, infos }: PrometheusAnswer,
  one: ScriptEval,
): string | undefined {
  const fails = one.expectations.filter(({ kind }) => kind === 'fail');
  if (status !== 'success' || data === undefined) {
    const message = (error ?? '').replace(/^invalid parameter "query": /, '');
    const isExpected = fails.length > 0 && fails.every(({ matches }) => matches(message));
    return isExpected ? undefined : `failed: ${message}`;
  }
  if (fails.length > 0) return 'did not fail';
  return (
    valueProblem(data, one) ??
    annotationProblem({ warnings: warnings ?? [], infos: infos ?? [] }, one.expectations)
  );
}

function valueProblem(
  { resultType, result }: NonNullable<PrometheusAnswer['data']>,
  one: ScriptEval,
): string | undefined {
  const got = JSON.stringify(result).slice(0, 2_000);
  if (resultType === 'string') {
    const wanted = one.expectations.find(({ kind }) => kind === 'string')?.text;
    return wanted === JSON.stringify(result[1]) ? undefined : `got ${got}`;
  }
  if (resultType === 'scalar') {
    const isSame = one.expected.length === 1 && near(number(result[1]), number(one.expected[0]!));
    return isSame ? undefined : `got ${got}`;
  }
  const { times, rows } = expectedRows(one);
  const ordered = one.expectations.some(({ kind }) => kind === 'ordered');
  const series = result as readonly ApiSeries[];
  const isSame =
    series.length === rows.length &&
    rows.every(({ labels, values }, i) => {
      const match = ordered ? series[i] : series.find(({ metric }) => Labels.from(metric).equals(labels));
      if (match === undefined || !Labels.from(match.metric).equals(labels)) return false;
      const points = pointsOf(match);
      const wanted = values.flatMap((value, step) =>
        value === undefined ? [] : [{ value, timeMs: times(step) }],
      );
      return (
        points.size === wanted.length &&
        wanted.every(({ value, timeMs }) => {
          const point = points.get(timeMs);
          if (typeof value === 'number') return typeof point === 'number' && near(point, value);
          return typeof point === 'object' && typeof value === 'object' && sameHistogram(point, value);
        })
      );
    });
  return isSame ? undefined : `got ${got}`;
}

function expectedRows({ grid, expected, expectations }: ScriptEval): {
  readonly times: (step: number) => number;
  readonly rows: readonly Row[];
} {
  const range = expectations.find(({ kind }) => kind === 'range')?.text;
  const [, from, , step] = /^vector from (\S+) to (\S+) step (\S+)$/.exec(range ?? '') ?? [];
  const [startMs, stepMs] = step === undefined ? [grid.startMs, grid.stepMs] : [timeOf(from!), timeOf(step)];
  return { times: (i) => startMs + i * stepMs, rows: parseRows(expected) };
}

function pointsOf({ value, values, histogram, histograms }: ApiSeries): Map<number, number | ApiHistogram> {
  const points = new Map<number, number | ApiHistogram>();
  for (const [seconds, text] of values ?? (value === undefined ? [] : [value]))
    points.set(Math.round(seconds * 1000), number(text));
  for (const [seconds, one] of histograms ?? (histogram === undefined ? [] : [histogram]))
    points.set(Math.round(seconds * 1000), one);
  return points;
}

/** The API leaves out the schema, the hint and buckets of nothing: the bounds say the rest. */
function sameHistogram(got: ApiHistogram, { histogram }: WrittenHistogram): boolean {
  const wanted = bucketsOf(histogram);
  const buckets = got.buckets ?? [];
  return (
    near(number(got.count), histogram.count) &&
    near(number(got.sum), histogram.sum) &&
    buckets.length === wanted.length &&
    wanted.every(({ lower, upper, count }, i) => {
      const [, from, to, counted] = buckets[i]!;
      return near(number(from), lower) && near(number(to), upper) && near(number(counted), count);
    })
  );
}

function number(text: unknown): number {
  const value = typeof text === 'string' ? tryParseFloat(text) : undefined;
  if (value === undefined) throw new Error(`no number: ${JSON.stringify(text)}`);
  return value;
}
