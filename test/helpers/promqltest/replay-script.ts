// Replay of test scripts on a real Prometheus.

import { bucketsOf, formatTimestamp, gridEndMs, Labels, tryParseFloat } from '../../../src/model/index.js';
import { compareAnnotations } from './expectations.js';
import { near, type Row } from './rows.js';
import { parseRows, parseScript, timeOf, type ScriptEval } from './parse-script.js';
import type { WrittenHistogram } from '../../../src/rules/unit-test/histogram-notation.js';
import type { ScriptSeries } from './histogram-notation.js';

import { importIntoPrometheus, startPrometheus, type Teardown } from '../real-servers/real-servers.js';
import type { TestSeries, TestValue } from '../series/series-set.js';

/** The result of one `eval`. */
export interface Replayed {
  readonly eval: ScriptEval;
  readonly answer: PrometheusAnswer;
  /** The difference to the expected result; undefined for an equal result. */
  readonly problem: string | undefined;
}

/** A response of Prometheus' HTTP API. */
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

/**
 * Replays the evals of a script in order, with a new Prometheus after each load or clear. Evals on series with start
 * timestamps are skipped.
 */
export async function replayScript(
  t: Teardown,
  script: string,
  delayedNameRemoval: boolean,
): Promise<Replayed[]> {
  const features = [...FEATURES, ...(delayedNameRemoval ? ['promql-delayed-name-removal'] : [])];
  const results: Replayed[] = [];
  let loaded: ScriptEval['series'] | undefined;
  let url = '';
  for (const scriptEval of parseScript(script)) {
    // Remote write has no start timestamps.
    if ([...scriptEval.series.values()].some(({ startsMs }) => startsMs.size > 0)) continue;
    if (scriptEval.series !== loaded) {
      loaded = scriptEval.series;
      ({ url } = await startPrometheus(t, { args: [`--enable-feature=${features.join(',')}`] }));
      await importIntoPrometheus(url, [...loaded.values()].map(writtenSeries));
    }
    const answer = await queryServer(url, scriptEval);
    results.push({ eval: scriptEval, answer, problem: compareAnswer(answer, scriptEval) });
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

async function queryServer(url: string, { expr, grid, isInstant }: ScriptEval): Promise<PrometheusAnswer> {
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

function compareAnswer(
  { status, error, data, warnings, infos }: PrometheusAnswer,
  scriptEval: ScriptEval,
): string | undefined {
  const fails = scriptEval.expectations.filter(({ kind }) => kind === 'fail');
  if (status !== 'success' || data === undefined) {
    const message = (error ?? '').replace(/^invalid parameter "query": /, '');
    const isExpected = fails.length > 0 && fails.every(({ matches }) => matches(message));
    return isExpected ? undefined : `failed: ${message}`;
  }
  if (fails.length > 0) return 'did not fail';
  return (
    compareValue(data, scriptEval) ??
    compareAnnotations({ warnings: warnings ?? [], infos: infos ?? [] }, scriptEval.expectations)
  );
}

function compareValue(
  { resultType, result }: NonNullable<PrometheusAnswer['data']>,
  scriptEval: ScriptEval,
): string | undefined {
  const problem = `got ${JSON.stringify(result).slice(0, 2_000)}`;
  if (resultType === 'string') {
    const expected = scriptEval.expectations.find(({ kind }) => kind === 'string')?.text;
    return expected === JSON.stringify(result[1]) ? undefined : problem;
  }
  if (resultType === 'scalar') {
    const isSame =
      scriptEval.expected.length === 1 && near(number(result[1]), number(scriptEval.expected[0]!));
    return isSame ? undefined : problem;
  }
  const { times, rows } = expectedRows(scriptEval);
  const ordered = scriptEval.expectations.some(({ kind }) => kind === 'ordered');
  const series = result as readonly ApiSeries[];
  const isSame =
    series.length === rows.length &&
    rows.every(({ labels, values }, i) => {
      const match = ordered ? series[i] : series.find(({ metric }) => Labels.from(metric).equals(labels));
      if (match === undefined || !Labels.from(match.metric).equals(labels)) return false;
      const points = pointsOf(match);
      const expectedPoints = values.flatMap((value, step) =>
        value === undefined ? [] : [{ value, timeMs: times(step) }],
      );
      return (
        points.size === expectedPoints.length &&
        expectedPoints.every(({ value, timeMs }) => {
          const point = points.get(timeMs);
          if (typeof value === 'number') return typeof point === 'number' && near(point, value);
          return typeof point === 'object' && typeof value === 'object' && matchesApiHistogram(point, value);
        })
      );
    });
  return isSame ? undefined : problem;
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
  for (const [seconds, apiHistogram] of histograms ?? (histogram === undefined ? [] : [histogram]))
    points.set(Math.round(seconds * 1000), apiHistogram);
  return points;
}

/** Compares a histogram of the API, which omits the schema, the hint and empty buckets. */
function matchesApiHistogram(actual: ApiHistogram, { histogram }: WrittenHistogram): boolean {
  const expected = bucketsOf(histogram);
  const buckets = actual.buckets ?? [];
  return (
    near(number(actual.count), histogram.count) &&
    near(number(actual.sum), histogram.sum) &&
    buckets.length === expected.length &&
    expected.every(({ lower, upper, count }, i) => {
      const [, apiLower, apiUpper, apiCount] = buckets[i]!;
      return near(number(apiLower), lower) && near(number(apiUpper), upper) && near(number(apiCount), count);
    })
  );
}

function number(text: unknown): number {
  const value = typeof text === 'string' ? tryParseFloat(text) : undefined;
  if (value === undefined) throw new Error(`not a number: ${JSON.stringify(text)}`);
  return value;
}
