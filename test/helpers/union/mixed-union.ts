// Unions of VictoriaMetrics and Prometheus that store the same series. The reference is one Prometheus. VictoriaMetrics
// computes values by its own rules: the label sets of results, their number and errors are compared, values are not.

import type { Explanation } from '../../../src/federation/index.js';
import { api, startPromfed } from '../promfed/promfed.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  type Teardown,
} from '../real-servers/real-servers.js';
import { withLabels, type TestSeries } from '../series/series-set.js';
import { until } from '../until.js';
import { hasSamples, labelDifferences, type UnionAnswer } from './answers.js';
import type { UnionTimes } from './prometheus-union.js';

export type Product = 'victoriametrics' | 'prometheus';

export interface MixedTarget {
  readonly product: Product;
  readonly series: readonly TestSeries[];
}

export interface MixedGroup {
  readonly targets: readonly MixedTarget[];
  /** Other keys of the server group. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface MixedLayout {
  readonly name: string;
  readonly groups: readonly MixedGroup[];
  /** The series of the reference. */
  readonly union: readonly TestSeries[];
}

export interface MixedUnion {
  /** The URL of promfed. */
  readonly url: string;
  /** Sends a query to both. Returns the differences, a line each, and whether the reference found samples. */
  compare(query: string, times: UnionTimes): Promise<{ differences: readonly string[]; found: boolean }>;
}

/** Real servers that the unions of one test file share. They are stopped at the teardown of `t`. */
export class MixedServers {
  readonly #t: Teardown;
  readonly #urls = new Map<string, Map<readonly TestSeries[], Promise<string>>>();

  constructor(t: Teardown) {
    this.#t = t;
  }

  /** Starts a server with the series, unless there is one. Returns its URL. */
  url({ product, series }: MixedTarget): Promise<string> {
    let ofProduct = this.#urls.get(product);
    if (ofProduct === undefined)
      this.#urls.set(product, (ofProduct = new Map<readonly TestSeries[], Promise<string>>()));
    let url = ofProduct.get(series);
    if (url === undefined) ofProduct.set(series, (url = start(this.#t, product, series)));
    return url;
  }
}

/** Starts promfed over regions. It is stopped at the teardown of `t`. */
export async function startMixedUnion(
  t: Teardown,
  servers: MixedServers,
  { groups, union }: MixedLayout,
  options: { readonly delaysNames?: boolean } = {},
): Promise<MixedUnion> {
  const [reference, ...regions] = await Promise.all([
    servers.url({ product: 'prometheus', series: union }),
    ...groups.map(({ targets }) => Promise.all(targets.map((target) => servers.url(target)))),
  ]);
  const yaml = JSON.stringify({
    promxy: {
      server_groups: groups.map(({ labels = {}, settings }, i) => ({
        labels,
        ...settings,
        static_configs: [{ targets: regions[i]!.map((url) => new URL(url).host) }],
      })),
    },
  });
  const { url } = await startPromfed(t, yaml, options);
  await until(async () => {
    const { data } = await api<Explanation>(url, '/api/v1/explain', { query: 'up', time: '0' });
    return data!.groups.every(({ products }, i) => products.length === distinctProducts(groups[i]!));
  }, 'the products of all groups');
  return {
    url,
    async compare(query, times) {
      const [theirs, ours] = await Promise.all([reference, url].map((one) => send(one, query, times)));
      return { differences: labelDifferences(ours!, theirs!), found: hasSamples(theirs!) };
    },
  };
}

async function start(t: Teardown, product: Product, series: readonly TestSeries[]): Promise<string> {
  if (product === 'prometheus') {
    const { url } = await startPrometheus(t);
    await importIntoPrometheus(url, series);
    return url;
  }
  const { url } = await startVictoriaMetrics(t);
  await importIntoVictoriaMetrics(url, series);
  return url;
}

function distinctProducts({ targets }: MixedGroup): number {
  return new Set(targets.map(({ product }) => product)).size;
}

function send(url: string, query: string, { start, end, step }: UnionTimes): Promise<UnionAnswer> {
  return step === undefined
    ? api(url, '/api/v1/query', { query, time: String(end) })
    : api(url, '/api/v1/query_range', { query, start: String(start), end: String(end), step: String(step) });
}

/** The series of two regions. */
export interface MixedSeries {
  readonly eu: readonly TestSeries[];
  readonly us: readonly TestSeries[];
  /** The time between older and newer samples. */
  readonly boundaryMs: number;
}

const PAIRS: readonly (readonly [Product, Product])[] = [
  ['victoriametrics', 'prometheus'],
  ['prometheus', 'victoriametrics'],
];

/** All layouts. */
export function mixedLayouts({ eu: union, us, boundaryMs }: MixedSeries): readonly MixedLayout[] {
  const both = [...withLabels(union, { region: 'eu' }), ...withLabels(us, { region: 'us' })];
  const older = truncated(union, (timeMs) => timeMs <= boundaryMs);
  const newer = truncated(union, (timeMs) => timeMs > boundaryMs);
  const boundary = new Date(boundaryMs).toISOString();
  return PAIRS.flatMap(([first, second]): MixedLayout[] => [
    {
      name: `one group of ${first} and ${second}`,
      groups: [{ targets: [first, second].map((product) => ({ product, series: union })) }],
      union,
    },
    {
      name: `one group of ${first} and ${second} with native semantics`,
      groups: [
        {
          targets: [first, second].map((product) => ({ product, series: union })),
          settings: { semantics: 'native' },
        },
      ],
      union,
    },
    {
      name: `two groups without labels, ${first} and ${second}`,
      groups: [first, second].map((product) => ({ targets: [{ product, series: union }] })),
      union,
    },
    {
      name: `older samples in ${first}, newer ones in ${second}`,
      groups: [
        {
          targets: [{ product: first, series: older }],
          settings: { absolute_time_range: { end: boundary } },
        },
        {
          targets: [{ product: second, series: newer }],
          settings: { absolute_time_range: { start: boundary } },
        },
      ],
      union,
    },
    {
      name: `groups with labels, ${first} and ${second}`,
      groups: [
        { labels: { region: 'eu' }, targets: [{ product: first, series: union }] },
        { labels: { region: 'us' }, targets: [{ product: second, series: us }] },
      ],
      union: both,
    },
    {
      name: `groups of uneven labels, ${first} and ${second}`,
      groups: [
        { labels: { region: 'eu' }, targets: [{ product: first, series: union }] },
        { labels: { zone: 'us' }, targets: [{ product: second, series: us }] },
      ],
      union: [...withLabels(union, { region: 'eu' }), ...withLabels(us, { zone: 'us' })],
    },
  ]);
}

function truncated(series: readonly TestSeries[], keep: (timeMs: number) => boolean): readonly TestSeries[] {
  return series.map(({ labels, timestamps, values }) => ({
    labels,
    timestamps: timestamps.filter(keep),
    values: values.filter((_, i) => keep(timestamps[i]!)),
  }));
}
