// Queries that are sent to real regions together have the answers of single queries.

import fc from 'fast-check';
import t from 'tap';

import { parseConfig } from '../../src/config/index.js';
import { createFederation, QueryBatching, type Federation } from '../../src/federation/index.js';
import { asPromfedError } from '../../src/model/index.js';
import { systemClock } from '../../src/runtime/index.js';
import { createServerGroup } from '../../src/upstreams/index.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import { queryRequest } from '../helpers/federation.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
  type Teardown,
} from '../helpers/real-servers/real-servers.js';
import type { TestSeries } from '../helpers/series/series-set.js';
import { cases, endMs } from '../helpers/union/cases.js';
import { curated } from '../helpers/union/curated-expressions.js';
import { arbitraryUnionExpression } from '../helpers/union/random-expressions.js';

const { groupLabels, groups } = cases.find(({ name }) => name === 'two regions')!;
const QUERIES_AT_ONCE = 20;
const numRuns = randomRuns(200);
const seed = randomSeed(11);

interface Kind {
  readonly name: string;
  readonly pathPrefix: string;
  /** Starts a region. Returns its URL. */
  readonly start: (t: Teardown, series: readonly TestSeries[]) => Promise<string>;
}

const KINDS: readonly Kind[] = [
  {
    name: 'Prometheus',
    pathPrefix: '',
    start: async (t, series) => {
      const { url } = await startPrometheus(t);
      await importIntoPrometheus(url, series);
      return url;
    },
  },
  {
    name: 'VictoriaMetrics',
    pathPrefix: '/prometheus',
    start: async (t, series) => {
      const { url } = await startVictoriaMetrics(t);
      const stored = series.filter(({ labels }) => labels['__name__'] !== 'odd'); // NaN is not stored
      await importIntoVictoriaMetrics(url, stored);
      return url;
    },
  },
];

async function startFederation(t: Teardown, { pathPrefix, start }: Kind): Promise<Federation> {
  const serverGroups = [];
  for (const { labels, targets } of groups()) {
    const { host } = new URL(await start(t, targets[0]!));
    serverGroups.push({ labels, path_prefix: pathPrefix, static_configs: [{ targets: [host] }] });
  }
  const { settings } = parseConfig(JSON.stringify({ promxy: { server_groups: serverGroups } }), 'test.yaml');
  const federation = createFederation({
    groups: settings.serverGroups.map((group) =>
      createServerGroup(group, { clock: systemClock, version: 'test' }),
    ),
    clock: systemClock,
    maxSamples: 1_000_000,
    lookbackDeltaMs: undefined,
    defaultStepMs: 60_000,
    delaysNames: false,
    pushdown: true,
  });
  t.teardown(() => federation.close());
  return federation;
}

/** Returns the series of a query, sorted, or its error. */
async function evaluate(federation: Federation, text: string, batching?: QueryBatching): Promise<unknown> {
  try {
    const answer = await federation.evaluate(queryRequest(text, endMs, { batching, timeoutMs: 30_000 }));
    answer.release();
    const { value } = answer;
    if (value.type !== 'vector') return value;
    return value.columns
      .map(({ labels, values, histograms }) => [labels.toString(), values[0], histograms?.[0]] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  } catch (thrown) {
    // The message depends on the region that answers first, and in VictoriaMetrics on the order of its series.
    return asPromfedError(thrown).code;
  }
}

for (const kind of KINDS) {
  t.test(`queries to ${kind.name}`, { skip: withoutRealServers() }, async (t) => {
    const federation = await startFederation(t, kind);
    const random = fc.sample(arbitraryUnionExpression({ groupLabels, endS: endMs / 1000 }), {
      numRuns,
      seed,
    });
    const texts = [...curated, ...random];
    const differences: unknown[] = [];
    for (let i = 0; i < texts.length; i += QUERIES_AT_ONCE) {
      const all = texts.slice(i, i + QUERIES_AT_ONCE);
      const expected = new Map<string, unknown>();
      await Promise.all(all.map(async (text) => expected.set(text, await evaluate(federation, text))));
      // With errors, queries are sent one by one.
      const successful = all.filter((text) => Array.isArray(expected.get(text)));
      for (const some of [successful, all]) {
        const batching = new QueryBatching();
        await Promise.all(
          some.map(async (text) => {
            const single = expected.get(text);
            const batched = await evaluate(federation, text, batching);
            if (!isEqual(single, batched)) differences.push({ text, single, batched });
          }),
        );
      }
    }
    t.strictSame(differences, []);
  });
}

function isEqual(a: unknown, b: unknown): boolean {
  return print(a) === print(b);
}

/** VictoriaMetrics adds samples in varying order: the last digits differ. */
function print(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'number' ? one.toPrecision(12) : one));
}
