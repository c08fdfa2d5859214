// A union of VictoriaMetrics: real regions, one real server that holds what they hold together, and promfed over the
// regions. What is compared leaves out what the two languages are known to differ in (see comparable-expressions.ts).

import { api, startPromfed } from '../promfed/promfed.js';
import { importIntoVictoriaMetrics, startVictoriaMetrics } from '../real-servers/real-servers.js';
import { withLabels, type TestSeries } from '../series/series-set.js';
import type { Teardown } from '../real-servers/server-process.js';
import { answerDifferences, hasSamples, nameless, type UnionAnswer } from './answers.js';
import type { UnionGroup, UnionTimes } from './prometheus-union.js';

export interface ComparableUnion {
  /** Runs a query. Returns the differences, a line each, and whether the answers have samples. */
  ask(query: string, times: UnionTimes): Promise<{ differences: readonly string[]; found: boolean }>;
}

/** It keeps no NaN, and looks back otherwise at series that come and go. */
const LEFT_OUT: ReadonlySet<string> = new Set(['odd', 'passing', 'sparse']);

/** Starts it all; it ends with the test. */
export async function startVictoriaMetricsUnion(
  t: Teardown,
  groups: readonly UnionGroup[],
): Promise<ComparableUnion> {
  const keep = (series: readonly TestSeries[]): readonly TestSeries[] =>
    series.filter(({ labels }) => !LEFT_OUT.has(labels['__name__']!));
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
    async ask(query, times) {
      const [theirs, ours] = await Promise.all([
        ask(reference, query, times, { nocache: '1', latency_offset: '1ms' }),
        ask(promfed.url, query, times, {}),
      ]);
      return { differences: answerDifferences(nameless(ours), nameless(theirs)), found: hasSamples(theirs) };
    },
  };
}

function ask(
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
