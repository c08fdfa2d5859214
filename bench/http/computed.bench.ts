// What is computed here of much that regions send: quantiles, deviations, a join across regions, two replicas.

import { createBenchmark } from '../benchmark.js';
import { interleave, WARM_UP_RUNS } from '../measure.js';
import { wideCounters, withLabels, type TestSeries } from '../../test/helpers/series/series-set.js';
import { assertSame, readAnswer, unionOf, type Answer } from './answer.js';
import { askedOfRegions } from './asked-of-regions.js';
import { deviationOf, quantileOf, ratioOfCodes } from './expected.js';
import { cpuMs, peakRssBytes } from './process-usage.js';
import { createReader, type Parameters } from './read-answer.js';
import { groupOf, regionLabel, startPromfed, startRegions, type Region } from './two-regions-testbed.js';
import { regional } from './with-promfed.js';

const stepMs = 15_000;
const points = 241;
const perRegion = 2_000;
const runs = 7;
const MB = 1e6;

const benchmark = createBenchmark('computed');
const { t, figures } = benchmark;
await benchmark.run(measureAll);

interface ComputedCase {
  readonly name: string;
  readonly query: string;
  readonly ratio: number;
  /** What is right, by the answers of the regions to an expression. */
  readonly expected: (ask: (expression: string) => Promise<Answer>) => Promise<Answer>;
  readonly groups?: readonly Readonly<Record<string, unknown>>[];
}

async function measureAll(): Promise<void> {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const startMs = endMs - (points - 1) * stepMs;
  const times = { startMs: startMs - 10 * 60_000, endMs, intervalMs: stepMs };
  const regions = await startRegions(t, { perRegion, ...times, more: (region) => codes(region, times) });
  const range = { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) };
  await measure(regions, range, {
    name: `quantile(0.9, rate(…)) of ${2 * perRegion} series × ${points} points`,
    query: 'quantile(0.9, rate(wide_total[5m]))',
    ratio: 1.5,
    expected: async (ask) => quantileOf(0.9, await ask('rate(wide_total[5m])')),
  });
  await measure(regions, range, {
    name: 'stddev by (namespace) (…) of 800 series',
    query: 'stddev by (namespace) (rate(wide_total{namespace=~"namespace-[12]"}[5m]))',
    ratio: 1.5,
    expected: async (ask) =>
      deviationOf('namespace', await ask('rate(wide_total{namespace=~"namespace-[12]"}[5m])')),
  });
  await measure(regions, range, {
    name: 'a join across regions',
    query: `rate(codes_total{code="500"}[5m]) / on (namespace, pod, id) group_left sum without (code, ${regionLabel}) (rate(codes_total[5m]))`,
    ratio: 1.5,
    expected: async (ask) => ratioOfCodes(regionLabel, await ask('rate(codes_total[5m])')),
  });
  // The second is the first again, so that both hold the same.
  const [first] = regions;
  const twin = { ...groupOf(first!), static_configs: [{ targets: Array<string>(2).fill(hostOf(first!)) }] };
  await measure([first!, first!], range, {
    name: `two replicas of ${perRegion} series × ${points} points`,
    query: 'wide_total',
    ratio: 1.4,
    groups: [twin],
    expected: (ask) => ask('wide_total'),
  });
}

function hostOf({ endpoint }: Region): string {
  return new URL(endpoint.origin).host;
}

/** Counters of two codes, whose other labels are the same in every region. */
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
    const ask = async (expression: string): Promise<Answer> => {
      const asked = { ...regional({ parameters }), query: expression };
      const answers = await Promise.all(direct.map((reader) => reader.json(path, asked)));
      return unionOf(isTwin ? answers.slice(1) : answers, regions, regionLabel);
    };
    assertSame(readAnswer(await promfed.json(path, parameters)), await one.expected(ask), 1e-9);

    const explained = await askedOfRegions(promfed, parameters, regions);
    const asked = isTwin ? direct.map((_, region) => ({ region, expression: one.query })) : explained;
    let bytes = 0;
    const cpuBefore = cpuMs(server.pid()!);
    const { floorMs, subjectMs } = await interleave(
      runs,
      async () => {
        const answers = await Promise.all(
          asked.map(({ region, expression }) =>
            direct[region]!.drain(path, { ...regional({ parameters }), query: expression }),
          ),
        );
        bytes = answers.reduce((sum, answer) => sum + answer.bytes, 0);
      },
      () => promfed.drain(path, parameters),
    );
    const cpu = (cpuMs(server.pid()!) - cpuBefore) / (runs + WARM_UP_RUNS);
    const add = (what: string, value: number, unit: string, atMost?: number): void => {
      figures.push({ case: one.name, what, value, unit, ...(atMost === undefined ? {} : { atMost }) });
    };
    add('from the regions', bytes / MB, 'MB');
    add('the floor', floorMs, 'ms');
    add('promfed', subjectMs, 'ms');
    add('promfed / the floor', subjectMs / floorMs, '×', one.ratio);
    add('CPU a query', cpu, 'ms');
    add('peak RSS of a process', peakRssBytes(server.pid()!) / MB, 'MB');
  } finally {
    await Promise.all([promfed, ...direct].map((reader) => reader.close()));
    await server.kill();
  }
}
