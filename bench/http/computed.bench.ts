// Queries that promfed computes from large responses: quantiles, deviations, a join across regions, two replicas.

import { createBenchmark } from '../benchmark.js';
import { interleave, WARM_UP_RUNS } from '../measure.js';
import { wideCounters, withLabels, type TestSeries } from '../../test/helpers/series/series-set.js';
import { assertSame, readAnswer, unionOf, type Answer } from './answer.js';
import { baselineRequests } from './baseline-requests.js';
import { deviationOf, quantileOf, ratioOfCodes } from './expected.js';
import { cpuMs, peakRssBytes } from './process-usage.js';
import { createReader, type Parameters } from './read-answer.js';
import { groupOf, regionLabel, startPromfed, startRegions, type Region } from './two-regions-testbed.js';
import { recentTimes } from './times.js';
import { exactParameters } from './with-promfed.js';

const points = 241;
const perRegion = 2_000;
const runs = 7;
const MB = 1e6;

const benchmark = createBenchmark('computed');
const { t } = benchmark;
await benchmark.run(measureAll);

interface ComputedCase {
  readonly name: string;
  readonly query: string;
  /** Goal: promfed's time relative to the direct requests. */
  readonly maxRatio: number;
  /** Computes the expected result. `fetch` returns the union of the regions' results of an expression. */
  readonly expected: (fetch: (expression: string) => Promise<Answer>) => Promise<Answer>;
  /** Server groups. Default: one for each region. */
  readonly groups?: readonly Readonly<Record<string, unknown>>[];
}

async function measureAll(): Promise<void> {
  const { range, data } = recentTimes(points);
  const regions = await startRegions(t, { perRegion, ...data, more: (region) => codes(region, data) });
  await measure(regions, range, {
    name: `quantile(0.9, rate(…)) of ${2 * perRegion} series × ${points} points`,
    query: 'quantile(0.9, rate(wide_total[5m]))',
    maxRatio: 1.5,
    expected: async (fetch) => quantileOf(0.9, await fetch('rate(wide_total[5m])')),
  });
  await measure(regions, range, {
    name: 'stddev by (namespace) (…) of 800 series',
    query: 'stddev by (namespace) (rate(wide_total{namespace=~"namespace-[12]"}[5m]))',
    maxRatio: 1.5,
    expected: async (fetch) =>
      deviationOf('namespace', await fetch('rate(wide_total{namespace=~"namespace-[12]"}[5m])')),
  });
  await measure(regions, range, {
    name: 'join across regions',
    query: `rate(codes_total{code="500"}[5m]) / on (namespace, pod, id) group_left sum without (code, ${regionLabel}) (rate(codes_total[5m]))`,
    maxRatio: 1.5,
    expected: async (fetch) => ratioOfCodes(regionLabel, await fetch('rate(codes_total[5m])')),
  });
  // Both replicas are the same server, so that they have the same samples.
  const [first] = regions;
  const twin = { ...groupOf(first!), static_configs: [{ targets: Array<string>(2).fill(hostOf(first!)) }] };
  await measure([first!, first!], range, {
    name: `two replicas of ${perRegion} series × ${points} points`,
    query: 'wide_total',
    maxRatio: 1.4,
    groups: [twin],
    expected: (fetch) => fetch('wide_total'),
  });
}

function hostOf({ endpoint }: Region): string {
  return new URL(endpoint.origin).host;
}

/** Returns counters of two status codes. Their other labels are the same in every region. */
function codes(
  region: string,
  times: { readonly startMs: number; readonly endMs: number; readonly intervalMs: number },
): TestSeries[] {
  return ['200', '500'].flatMap((code) => {
    const options = { ...times, name: 'codes_total', region: `${region}/${code}`, count: 500, decimals: 2 };
    return withLabels(wideCounters(options), { code });
  });
}

async function measure(regions: readonly Region[], range: Parameters, one: ComputedCase): Promise<void> {
  const { endpoint, server } = await startPromfed(t, one.groups ?? regions.map((region) => groupOf(region)));
  const promfed = createReader(endpoint);
  const direct = regions.map((region) => createReader(region.endpoint));
  const path = '/api/v1/query_range';
  const parameters = { query: one.query, ...range };
  try {
    const isTwin = one.groups !== undefined;
    const fetch = async (expression: string): Promise<Answer> => {
      const request = { ...exactParameters({ parameters }), query: expression };
      const answers = await Promise.all(direct.map((reader) => reader.json(path, request)));
      return unionOf(isTwin ? answers.slice(1) : answers, regions, regionLabel);
    };
    assertSame(readAnswer(await promfed.json(path, parameters)), await one.expected(fetch), 1e-9);

    const requests = isTwin
      ? direct.map((_, region) => ({ region, expression: one.query }))
      : await baselineRequests(promfed, parameters, regions);
    let bytes = 0;
    const cpuBefore = cpuMs(server.pid()!);
    const { baselineMs, promfedMs } = await interleave(
      runs,
      async () => {
        const answers = await Promise.all(
          requests.map(({ region, expression }) =>
            direct[region]!.drain(path, { ...exactParameters({ parameters }), query: expression }),
          ),
        );
        bytes = answers.reduce((sum, answer) => sum + answer.bytes, 0);
      },
      () => promfed.drain(path, parameters),
    );
    const cpu = (cpuMs(server.pid()!) - cpuBefore) / (runs + WARM_UP_RUNS);
    const add = benchmark.figuresOf(one.name);
    add('received from regions', bytes / MB, 'MB');
    add('direct', baselineMs, 'ms');
    add('promfed', promfedMs, 'ms');
    add('promfed / direct', promfedMs / baselineMs, '×', one.maxRatio);
    add('CPU per query', cpu, 'ms');
    add('peak RSS of a process', peakRssBytes(server.pid()!) / MB, 'MB');
  } finally {
    await Promise.all([promfed, ...direct].map((reader) => reader.close()));
    await server.kill();
  }
}
