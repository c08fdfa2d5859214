// The ten kinds of requests of the soak, each with what makes an answer to it right.

import { createHash } from 'node:crypto';

import { assertSame, readAnswer, sumOf, unionOf, type Answer } from '../http/answer.js';
import { quantileOf } from '../http/expected.js';
import type { Parameters, Reader } from '../http/read-answer.js';
import { regionLabel, type Region } from '../http/two-regions-testbed.js';
import { regional } from '../http/with-promfed.js';

export interface Question {
  /** With its parameters, as it is sent to promfed. */
  readonly url: string;
  /** Throws an Error that says what is wrong about an answer. */
  readonly check: (status: number, body: Buffer) => void;
}

export interface Times {
  /** Whole minutes, in milliseconds; the data begins ten minutes before. */
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** Sums round in another order here than there. */
const TOLERANCE = 1e-9;
const SUBQUERY_RANGE_MS = 600_000;
const SUBQUERY_STEP_MS = 60_000;

/**
 * What the regions answer now is what is right for the whole soak: their data and the queries' times don't change.
 *
 * @param direct a reader for each of the regions.
 * @param deadGroup the optional group that every answer has to warn of, and nothing else.
 */
export async function createQuestions(
  regions: readonly Region[],
  direct: readonly Reader[],
  times: Times,
  deadGroup: string,
): Promise<readonly Question[]> {
  const range = rangeOf(times.startMs, times.endMs, times.stepMs);
  const instant = { time: String(times.endMs / 1000) };
  const ask = (path: string, parameters: Parameters): Promise<readonly unknown[]> =>
    Promise.all(direct.map((reader) => reader.json(path, regional({ parameters }))));
  const union = async (path: string, parameters: Parameters): Promise<Answer> =>
    unionOf(await ask(path, parameters), regions, regionLabel);

  const rangePath = '/api/v1/query_range';
  const instantPath = '/api/v1/query';
  const query = (path: string, text: string, at: Parameters, expected: Answer): Question => ({
    url: urlOf(path, { query: text, ...at }),
    check: ofRight((document) => {
      assertSame(readAnswer(withoutWarning(document, deadGroup)), expected, TOLERANCE);
    }),
  });

  const rates = { query: 'rate(wide_total[5m])', ...range };
  const sums = { query: 'sum by (namespace) (rate(wide_total[5m]))', ...range };
  const subquery = 'max_over_time(sum(small_total)[10m:1m])';
  const inner = rangeOf(times.startMs - SUBQUERY_RANGE_MS, times.endMs, SUBQUERY_STEP_MS);
  const innerSums = sumOf(await ask(rangePath, { query: 'sum(small_total)', ...inner }));
  const small = await union(instantPath, { query: 'small_total', ...instant });
  const series = await ask('/api/v1/series', seriesOf(times));
  const pods = await ask('/api/v1/label/pod/values', boundsOf(times));
  // The dead group is not concerned, and nothing is said of it.
  const ofOneRegion = (name: string, all: Answer): Question => {
    const own = new Map([...all].filter(([labels]) => labels.includes(`["${regionLabel}","${name}"]`)));
    const url = urlOf(instantPath, { query: `small_total{${regionLabel}="${name}"}`, ...instant });
    return {
      url,
      check: ofRight((document) => {
        assertSame(readAnswer(document), own);
      }),
    };
  };
  return [
    query(rangePath, 'wide_total', range, await union(rangePath, { query: 'wide_total', ...range })),
    query(rangePath, sums.query, range, sumOf(await ask(rangePath, sums))),
    query(
      rangePath,
      'quantile(0.9, rate(wide_total[5m]))',
      range,
      quantileOf(0.9, await union(rangePath, rates)),
    ),
    query(rangePath, subquery, range, slidingMaximum(innerSums, times)),
    query(instantPath, 'small_total', instant, small),
    query(
      instantPath,
      'sum(small_total)',
      instant,
      sumOf(await ask(instantPath, { query: 'sum(small_total)', ...instant })),
    ),
    ofOneRegion(regions[0]!.name, small),
    { url: urlOf(instantPath, { query: 'sum(small_total', ...instant }), check: checkRefused },
    {
      url: urlOf('/api/v1/series', seriesOf(times)),
      check: ofRight((document) => {
        const found = dataOf(withoutWarning(document, deadGroup)).map(labelsText).sort();
        const expected = series.flatMap((one, i) =>
          dataOf(one).map((labels) => labelsText({ ...(labels as object), [regionLabel]: regions[i]!.name })),
        );
        assertEqualLists(found, expected.sort());
      }),
    },
    {
      url: urlOf('/api/v1/label/pod/values', boundsOf(times)),
      check: ofRight((document) => {
        const expected = [...new Set(pods.flatMap((one) => dataOf(one).map(String)))].sort();
        assertEqualLists(dataOf(withoutWarning(document, deadGroup)).map(String), expected);
      }),
    },
  ];
}

function rangeOf(startMs: number, endMs: number, stepMs: number): Parameters {
  return { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) };
}

function boundsOf({ startMs, endMs }: Times): Parameters {
  return { start: String(startMs / 1000), end: String(endMs / 1000) };
}

function seriesOf(times: Times): Parameters {
  return { 'match[]': 'wide_total', ...boundsOf(times) };
}

function urlOf(path: string, parameters: Parameters): string {
  return `${path}?${new URLSearchParams(parameters).toString()}`;
}

/** Reads a successful answer. One that has the bytes of an answer that was right is not read again. */
function ofRight(check: (document: unknown) => void): Question['check'] {
  const right = new Set<string>();
  return (status, body) => {
    if (status !== 200) throw new Error(`${status} ${body.toString('utf8', 0, 300)}`);
    const digest = createHash('sha1').update(body).digest('base64');
    if (right.has(digest)) return;
    check(JSON.parse(body.toString('utf8')));
    right.add(digest);
  };
}

function checkRefused(status: number, body: Buffer): void {
  const { errorType } = JSON.parse(body.toString('utf8')) as { errorType?: string };
  if (status !== 400 || errorType !== 'bad_data') {
    throw new Error(`a broken query is answered ${status} ${body.toString('utf8', 0, 300)}`);
  }
}

/** The document without the one warning that has to be there. */
function withoutWarning(document: unknown, group: string): unknown {
  const { warnings = [], ...rest } = document as { warnings?: readonly string[] };
  if (warnings.length !== 1 || !warnings[0]!.includes(group)) {
    throw new Error(`the warnings are not one of ${group}: ${JSON.stringify(warnings)}`);
  }
  return rest;
}

function dataOf(document: unknown): readonly unknown[] {
  const { status, data } = document as { status?: string; data?: readonly unknown[] };
  if (status !== 'success' || !Array.isArray(data)) throw new Error('not a successful answer');
  return data;
}

function labelsText(labels: unknown): string {
  return JSON.stringify(Object.entries(labels as object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function assertEqualLists(found: readonly string[], expected: readonly string[]): void {
  if (found.length !== expected.length) throw new Error(`${found.length} where ${expected.length} are right`);
  const at = expected.findIndex((one, i) => one !== found[i]);
  if (at >= 0) throw new Error(`${found[at]!} where ${expected[at]!} is right`);
}

/** `max_over_time(…[10m:1m])` of series that stand on the subquery's own steps. Windows are open on the left. */
function slidingMaximum(inner: Answer, { startMs, endMs, stepMs }: Times): Answer {
  return new Map(
    [...inner].map(([labels, samples]) => {
      const result: (readonly [number, string])[] = [];
      for (let atMs = startMs; atMs <= endMs; atMs += stepMs) {
        const inWindow = samples
          .filter(([timeS]) => timeS * 1000 > atMs - SUBQUERY_RANGE_MS && timeS * 1000 <= atMs)
          .map(([, value]) => Number(value));
        if (inWindow.length > 0) result.push([atMs / 1000, String(Math.max(...inWindow))]);
      }
      return [labels, result] as const;
    }),
  );
}
