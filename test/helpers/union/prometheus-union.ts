// A union under test: real regions, one real Prometheus with the series of all of them as the reference, and promfed
// over the regions, once with pushdown and once without.

import { api, startPromfed } from '../promfed/promfed.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
} from '../real-servers/real-servers.js';
import { withLabels, type TestSeries } from '../series/series-set.js';
import type { Teardown } from '../real-servers/server-process.js';
import { annotationsOf, answerDifferences, hasSamples, type UnionAnswer } from './answers.js';

/** One server group: its labels, and the series of each of its targets. */
export interface UnionGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly targets: readonly (readonly TestSeries[])[];
  /** The union of the targets' series that the injected matchers select. Default: those of the first target. */
  readonly whole?: readonly TestSeries[];
  /** The group's `inject_matchers`. */
  readonly inject?: readonly string[];
  /** The product of the targets. Default: Prometheus. */
  readonly product?: 'prometheus' | 'victoriametrics';
  /** More keys of the group, above the defaults of the test. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** The times of a query in seconds. Without a step, an instant query at `end`. */
export interface UnionTimes {
  readonly start: number;
  readonly end: number;
  readonly step: number | undefined;
}

/** The result of one query. */
export interface UnionOutcome {
  /** Differences from the reference with pushdown, a line each. */
  readonly distributed: readonly string[];
  /** Differences from the reference without pushdown, a line each. */
  readonly evaluated: readonly string[];
  /** Annotations that only one of the two has. */
  readonly annotations: readonly string[];
  readonly kind: 'samples' | 'nothing' | 'error';
}

/** Returns the first differences of each kind. */
export function differencesIn({ distributed, evaluated }: UnionOutcome): string[] {
  return [
    ...distributed.slice(0, 5).map((line) => `distributed: ${line}`),
    ...evaluated.slice(0, 5).map((line) => `from raw samples: ${line}`),
  ];
}

export interface Union {
  /** Sends a query to all servers and compares the answers. */
  compare(query: string, times: UnionTimes): Promise<UnionOutcome>;
}

/**
 * Starts the regions, the reference and promfed. They are stopped at the teardown of `t`.
 *
 * @param remoteRead the key `remote_read` of every group.
 */
export async function startUnion(
  t: Teardown,
  groups: readonly UnionGroup[],
  remoteRead: boolean | 'auto' = 'auto',
): Promise<Union> {
  const union = groups.flatMap(({ labels, targets, whole }) => withLabels(whole ?? targets[0]!, labels));
  const start = async (
    series: readonly TestSeries[],
    product: UnionGroup['product'] = 'prometheus',
  ): Promise<string> => {
    if (product === 'victoriametrics') {
      const { url } = await startVictoriaMetrics(t);
      await importIntoVictoriaMetrics(url, series);
      return url;
    }
    const { url } = await startPrometheus(t);
    await importIntoPrometheus(url, series);
    return url;
  };
  const [reference, ...regions] = await Promise.all([
    start(dedupe(union)),
    ...groups.map(({ targets, product }) => Promise.all(targets.map((series) => start(series, product)))),
  ]);
  const yaml = JSON.stringify({
    promxy: {
      server_groups: groups.map(({ labels, inject = [], settings = {} }, i) => ({
        labels,
        inject_matchers: inject,
        remote_read: remoteRead,
        anti_affinity: '5s',
        static_configs: [{ targets: regions[i]!.map((url) => new URL(url).host) }],
        ...settings,
      })),
    },
  });
  const on = await startPromfed(t, yaml);
  const off = await startPromfed(t, yaml, { pushdown: false });
  return {
    async compare(query, times) {
      const [theirs, ours, raw] = await Promise.all(
        [reference, on.url, off.url].map((url) => send(url, query, times)),
      );
      const distributed = answerDifferences(ours!, theirs!);
      const evaluated = answerDifferences(raw!, theirs!);
      const expected = annotationsOf(theirs!);
      const got = annotationsOf(ours!);
      const annotations = [
        ...got.filter((text) => !expected.includes(text)).map((text) => `only ours: ${text}`),
        ...expected.filter((text) => !got.includes(text)).map((text) => `only theirs: ${text}`),
      ];
      const kind = theirs!.status === 'error' ? 'error' : hasSamples(theirs!) ? 'samples' : 'nothing';
      return { distributed, evaluated, annotations, kind };
    },
  };
}

function send(url: string, query: string, { start, end, step }: UnionTimes): Promise<UnionAnswer> {
  return step === undefined
    ? api(url, '/api/v1/query', { query, time: String(end) })
    : api(url, '/api/v1/query_range', { query, start: String(start), end: String(end), step: String(step) });
}

/** Removes series whose labels an earlier or later one has, as in overlapping groups. The last one is kept. */
function dedupe(series: readonly TestSeries[]): TestSeries[] {
  const byLabels = new Map(series.map((one) => [JSON.stringify(Object.entries(one.labels).sort()), one]));
  return [...byLabels.values()];
}
