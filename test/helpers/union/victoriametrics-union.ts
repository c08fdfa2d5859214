// A union of VictoriaMetrics: real regions, one real server with the series of all of them as the reference, and promfed
// over the regions. Known differences between MetricsQL and PromQL are not compared (see comparable-expressions.ts).

import { api, startPromfed } from '../promfed/promfed.js';
import { importIntoVictoriaMetrics, startVictoriaMetrics } from '../real-servers/real-servers.js';
import { withLabels, type TestSeries } from '../series/series-set.js';
import type { Teardown } from '../real-servers/server-process.js';
import { answerDifferences, hasSamples, nameless, type UnionAnswer } from './answers.js';
import type { UnionGroup, UnionTimes } from './prometheus-union.js';

export interface ComparableUnion {
  /** Sends a query to both. Returns the differences, a line each, and whether the reference found samples. */
  compare(query: string, times: UnionTimes): Promise<{ differences: readonly string[]; found: boolean }>;
}

/** Metrics that are not compared: VictoriaMetrics does not store NaN, and has another lookback for series that end. */
const EXCLUDED: ReadonlySet<string> = new Set(['odd', 'passing', 'sparse']);

/** Starts the regions, the reference and promfed. They are stopped at the teardown of `t`. */
export async function startVictoriaMetricsUnion(
  t: Teardown,
  groups: readonly UnionGroup[],
): Promise<ComparableUnion> {
  const keep = (series: readonly TestSeries[]): readonly TestSeries[] =>
    series.filter(({ labels }) => !EXCLUDED.has(labels['__name__']!));
  const holdings = groups.map(({ targets }) => keep(targets[0]!));
  const union = groups.flatMap(({ labels, targets, whole }) =>
    withLabels(keep(whole ?? targets[0]!), labels),
  );
  const start = async (series: readonly TestSeries[]): Promise<string> => {
    const { url } = await startVictoriaMetrics(t);
    await importIntoVictoriaMetrics(url, series);
    return url;
  };
  const [reference, ...regions] = await Promise.all([start(union), ...holdings.map(start)]);
  const yaml = JSON.stringify({
    promxy: {
      server_groups: groups.map(({ labels, inject = [] }, i) => ({
        labels,
        inject_matchers: inject,
        path_prefix: '/prometheus',
        static_configs: [{ targets: [new URL(regions[i]!).host] }],
      })),
    },
  });
  const promfed = await startPromfed(t, yaml);
  return {
    async compare(query, times) {
      const [theirs, ours] = await Promise.all([
        send(reference, query, times, { nocache: '1', latency_offset: '1ms' }),
        send(promfed.url, query, times, {}),
      ]);
      return { differences: answerDifferences(nameless(ours), nameless(theirs)), found: hasSamples(theirs) };
    },
  };
}

function send(
  url: string,
  query: string,
  { start, end, step }: UnionTimes,
  more: Readonly<Record<string, string>>,
): Promise<UnionAnswer> {
  return step === undefined
    ? api(url, '/api/v1/query', { query, time: String(end), ...more })
    : api(url, '/api/v1/query_range', {
        query,
        start: String(start),
        end: String(end),
        step: String(step),
        ...more,
      });
}
