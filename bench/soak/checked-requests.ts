// The ten requests of the soak, each with a check of its response.

import { createHash } from 'node:crypto';

import { assertSame, readAnswer, sumOf, unionOf, type Answer } from '../http/answer.js';
import { quantileOf } from '../http/expected.js';
import type { Parameters, Reader } from '../http/read-answer.js';
import { rangeParameters, type BenchmarkTimes } from '../http/times.js';
import { regionLabel, type Region } from '../http/two-regions-testbed.js';
import { exactParameters } from '../http/with-promfed.js';

/** A request with a check of its response. */
export interface CheckedRequest {
  /** Path and query parameters. */
  readonly url: string;
  /** Throws an Error with the reason when a response is wrong. */
  readonly check: (status: number, body: Buffer) => void;
}

/** Relative tolerance: sums are rounded in different orders. */
const TOLERANCE = 1e-9;
const SUBQUERY_RANGE_MS = 600_000;
const SUBQUERY_STEP_MS = 60_000;

/**
 * Creates the requests. The expected results come from the regions and stay valid: neither the data nor the times of
 * the queries change.
 *
 * @param direct clients of the regions, in their order.
 * @param deadGroup name of the optional group that is down: responses must have one warning, which names it.
 */
export async function createRequests(
  regions: readonly Region[],
  direct: readonly Reader[],
  times: BenchmarkTimes,
  deadGroup: string,
): Promise<readonly CheckedRequest[]> {
  const source = new RequestSource(regions, direct, times, deadGroup);
  const { range } = times;
  const instant = { time: String(times.endMs / 1000) };
  const wide = { query: 'wide_total', ...range };
  const rates = { query: 'rate(wide_total[5m])', ...range };
  const quantile = { query: 'quantile(0.9, rate(wide_total[5m]))', ...range };
  const sums = { query: 'sum by (namespace) (rate(wide_total[5m]))', ...range };
  const subquery = { query: 'max_over_time(sum(small_total)[10m:1m])', ...range };
  const inner = rangeParameters(times.startMs - SUBQUERY_RANGE_MS, times.endMs, SUBQUERY_STEP_MS);
  const innerSums = await source.sum(RANGE_PATH, { query: 'sum(small_total)', ...inner });
  const small = { query: 'small_total', ...instant };
  const smallSum = { query: 'sum(small_total)', ...instant };
  const smallUnion = await source.union(INSTANT_PATH, small);
  return [
    source.query(RANGE_PATH, wide, await source.union(RANGE_PATH, wide)),
    source.query(RANGE_PATH, sums, await source.sum(RANGE_PATH, sums)),
    source.query(RANGE_PATH, quantile, quantileOf(0.9, await source.union(RANGE_PATH, rates))),
    source.query(RANGE_PATH, subquery, slidingMaximum(innerSums, times)),
    source.query(INSTANT_PATH, small, smallUnion),
    source.query(INSTANT_PATH, smallSum, await source.sum(INSTANT_PATH, smallSum)),
    queryOfOneRegion(regions[0]!.name, smallUnion, instant),
    { url: urlOf(INSTANT_PATH, { query: 'sum(small_total', ...instant }), check: checkRejected },
    await source.series(),
    await source.podValues(),
  ];
}

const RANGE_PATH = '/api/v1/query_range';
const INSTANT_PATH = '/api/v1/query';

/** Creates requests, with expected results from the regions. */
class RequestSource {
  readonly #regions: readonly Region[];
  readonly #direct: readonly Reader[];
  readonly #times: BenchmarkTimes;
  readonly #deadGroup: string;

  constructor(
    regions: readonly Region[],
    direct: readonly Reader[],
    times: BenchmarkTimes,
    deadGroup: string,
  ) {
    this.#regions = regions;
    this.#direct = direct;
    this.#times = times;
    this.#deadGroup = deadGroup;
  }

  /** Returns the union of the regions' results. */
  async union(path: string, parameters: Parameters): Promise<Answer> {
    return unionOf(await this.#fetch(path, parameters), this.#regions, regionLabel);
  }

  /** Returns the sum of the regions' results. */
  async sum(path: string, parameters: Parameters): Promise<Answer> {
    return sumOf(await this.#fetch(path, parameters));
  }

  query(path: string, parameters: Parameters, expected: Answer): CheckedRequest {
    return {
      url: urlOf(path, parameters),
      check: successful((document) => {
        assertSame(readAnswer(withoutWarning(document, this.#deadGroup)), expected, TOLERANCE);
      }),
    };
  }

  async series(): Promise<CheckedRequest> {
    const path = '/api/v1/series';
    const parameters = { 'match[]': 'wide_total', ...boundsOf(this.#times) };
    const expected = (await this.#fetch(path, parameters))
      .flatMap((one, i) =>
        dataOf(one).map((labels) =>
          labelsText({ ...(labels as object), [regionLabel]: this.#regions[i]!.name }),
        ),
      )
      .sort();
    return this.#list(path, parameters, (data) => data.map(labelsText).sort(), expected);
  }

  async podValues(): Promise<CheckedRequest> {
    const path = '/api/v1/label/pod/values';
    const parameters = boundsOf(this.#times);
    const values = (await this.#fetch(path, parameters)).flatMap((one) => dataOf(one).map(String));
    return this.#list(path, parameters, (data) => data.map(String), [...new Set(values)].sort());
  }

  /** @param read converts `data` to a list that must equal `expected`. */
  #list(
    path: string,
    parameters: Parameters,
    read: (data: readonly unknown[]) => readonly string[],
    expected: readonly string[],
  ): CheckedRequest {
    return {
      url: urlOf(path, parameters),
      check: successful((document) => {
        assertEqualLists(read(dataOf(withoutWarning(document, this.#deadGroup))), expected);
      }),
    };
  }

  #fetch(path: string, parameters: Parameters): Promise<readonly unknown[]> {
    return Promise.all(this.#direct.map((reader) => reader.json(path, exactParameters({ parameters }))));
  }
}

/** A query that selects one region. It excludes the dead group, so there is no warning. */
function queryOfOneRegion(name: string, all: Answer, instant: Parameters): CheckedRequest {
  const expected = new Map([...all].filter(([labels]) => labels.includes(`["${regionLabel}","${name}"]`)));
  return {
    url: urlOf(INSTANT_PATH, { query: `small_total{${regionLabel}="${name}"}`, ...instant }),
    check: successful((document) => {
      assertSame(readAnswer(document), expected);
    }),
  };
}

function boundsOf({ startMs, endMs }: BenchmarkTimes): Parameters {
  return { start: String(startMs / 1000), end: String(endMs / 1000) };
}

function urlOf(path: string, parameters: Parameters): string {
  return `${path}?${new URLSearchParams(parameters).toString()}`;
}

/** Creates a check of successful responses. A response equal to a checked one is not checked again. */
function successful(check: (document: unknown) => void): CheckedRequest['check'] {
  const checked = new Set<string>();
  return (status, body) => {
    if (status !== 200) throw new Error(`${status} ${body.toString('utf8', 0, 300)}`);
    const digest = createHash('sha1').update(body).digest('base64');
    if (checked.has(digest)) return;
    check(JSON.parse(body.toString('utf8')));
    checked.add(digest);
  };
}

function checkRejected(status: number, body: Buffer): void {
  const { errorType } = JSON.parse(body.toString('utf8')) as { errorType?: string };
  if (status !== 400 || errorType !== 'bad_data') {
    throw new Error(`an invalid query was answered with ${status} ${body.toString('utf8', 0, 300)}`);
  }
}

/** Returns the document without its warning. Throws an Error unless it has one warning, which names the group. */
function withoutWarning(document: unknown, group: string): unknown {
  const { warnings = [], ...rest } = document as { warnings?: readonly string[] };
  if (warnings.length !== 1 || !warnings[0]!.includes(group)) {
    throw new Error(`expected one warning about ${group}, got ${JSON.stringify(warnings)}`);
  }
  return rest;
}

function dataOf(document: unknown): readonly unknown[] {
  const { status, data } = document as { status?: string; data?: readonly unknown[] };
  if (status !== 'success' || !Array.isArray(data)) throw new Error('response is not successful');
  return data;
}

function labelsText(labels: unknown): string {
  return JSON.stringify(Object.entries(labels as object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function assertEqualLists(found: readonly string[], expected: readonly string[]): void {
  if (found.length !== expected.length) throw new Error(`${found.length} items, expected ${expected.length}`);
  const at = expected.findIndex((one, i) => one !== found[i]);
  if (at >= 0) throw new Error(`${found[at]!}, expected ${expected[at]!}`);
}

/** Computes `max_over_time(…[10m:1m])` of series at the steps of the subquery. Windows exclude their start. */
function slidingMaximum(inner: Answer, { startMs, endMs, stepMs }: BenchmarkTimes): Answer {
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
