// Two real regions whose raw samples are evaluated by promfed. The reference is one Prometheus with the union of their
// data.

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import { withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { isScalarQuery, LOCAL_QUERIES, QUERIES } from '../helpers/real-servers/region-queries.js';
import {
  churningSeries,
  configYaml,
  groupYaml,
  lastingSeries,
  PROMETHEUS,
  RANGE,
  regionLabels,
  REGIONS,
  VICTORIA_METRICS,
} from '../helpers/real-servers/regions.js';
import { withLabels } from '../helpers/series/series-set.js';
import { answerDifferences, hasSamples } from '../helpers/union/answers.js';

const skip = withoutRealServers();

/** A range whose end is not a multiple of the step after its start. */
const UNALIGNED = { ...RANGE, step: '700' };

/** The warning about raw samples of query APIs. They do not show the end of a series, so the series last. */
const NO_STALE_MARKERS = 'its raw samples have no stale markers';

const SOURCES = [
  {
    name: 'the export of VictoriaMetrics with exact semantics',
    kind: VICTORIA_METRICS,
    seriesOf: churningSeries,
    extra: 'semantics: exact',
    warning: '',
    pushdown: true,
  },
  {
    name: 'the export of VictoriaMetrics',
    kind: VICTORIA_METRICS,
    seriesOf: churningSeries,
    extra: '',
    warning: '',
  },
  {
    name: 'range vectors of Prometheus',
    kind: PROMETHEUS,
    seriesOf: lastingSeries,
    extra: 'remote_read: false',
    warning: NO_STALE_MARKERS,
  },
  {
    name: 'remote read',
    kind: PROMETHEUS,
    seriesOf: churningSeries,
    extra: 'remote_read: true',
    warning: '',
  },
  {
    name: 'detected remote read',
    kind: PROMETHEUS,
    seriesOf: churningSeries,
    extra: '',
    warning: '',
  },
];

for (const { name, kind, seriesOf, extra, warning, pushdown = false } of SOURCES) {
  t.test(
    `two regions have the results of one Prometheus with raw samples from ${name}`,
    { skip },
    async (t) => {
      // VictoriaMetrics differs from PromQL, so the reference is always a Prometheus.
      const everything = REGIONS.flatMap((region) => withLabels(seriesOf(region), regionLabels(region)));
      const [eu, us, union] = await Promise.all([
        kind.startRegion(t, seriesOf('eu')),
        kind.startRegion(t, seriesOf('us')),
        PROMETHEUS.startUnion(t, everything),
      ]);
      const groups = [groupYaml('eu', eu, extra), groupYaml('us', us, extra)];
      const promfed = await startPromfed(t, configYaml(groups), { pushdown });
      for (const query of [...QUERIES, ...LOCAL_QUERIES]) {
        for (const times of isScalarQuery(query) ? [RANGE, UNALIGNED] : [RANGE, UNALIGNED, undefined]) {
          const path = times === undefined ? '/api/v1/query' : '/api/v1/query_range';
          const parameters = { query, ...(times ?? { time: RANGE.end }) };
          const [actual, expected] = await Promise.all([
            api(promfed.url, path, parameters),
            api(union, path, parameters),
          ]);
          const others = actual.warnings?.filter((text) => warning === '' || !text.includes(warning));
          t.same(others ?? [], [], `${query}: no other warnings`);
          t.ok(hasSamples(expected), `${query}: has samples`);
          t.same(answerDifferences(actual, expected), [], query);
        }
      }
      const { warnings } = await api(promfed.url, '/api/v1/query', { query: 'queue_depth', time: RANGE.end });
      t.equal(
        warnings?.some((text) => text.includes('group "') && text.includes(warning)) ?? false,
        warning !== '',
      );
    },
  );
}
