// `promfed backfill` with real regions and real receivers: what was written equals the expressions at every step.

import { join } from 'node:path';
import t, { type Test } from 'tap';

import { PromfedError } from '../../src/model/index.js';
import { slotOffsetMs } from '../../src/rules/group/slots.js';
import {
  rangeOf,
  setUpBackfill,
  type BackfillSetup,
  type RangeGrid as Grid,
  type Series,
} from '../helpers/rules/backfill/run.js';
import {
  importIntoPrometheus,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
  type RealServer,
} from '../helpers/real-servers/real-servers.js';
import { histogramSet } from '../helpers/series/histogram-set.js';

const skip = withoutRealServers();
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Interval of the rule groups. */
const STEP_MS = 30_000;
/** A whole minute, three hours ago. */
const START_MS = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 3 * HOUR_MS;
const END_MS = START_MS + 2 * HOUR_MS;

/** Samples of a region: a counter, a gauge with gaps that end by stale markers. */
function seriesOf(region: string) {
  const timestamps = Array.from({ length: 4 * 150 }, (_, i) => START_MS - 30 * MINUTE_MS + i * 15_000);
  const base = region === 'eu' ? 3 : 7;
  return ['a', 'b', 'c'].flatMap((pod, i) => [
    {
      labels: { __name__: 'requests_total', pod },
      timestamps,
      values: timestamps.map((_, k) => k * (base + i)),
    },
    {
      labels: { __name__: 'load', pod },
      timestamps: timestamps.filter((_, k) => Math.floor(k / 40) % 3 !== i),
      values: timestamps.flatMap((_, k) => (Math.floor(k / 40) % 3 !== i ? [(k * base) % 17] : [])),
    },
  ]);
}

interface Regions {
  /** The section of the configuration. */
  readonly groups: string;
  /** A Prometheus that holds the data of all regions. */
  readonly union: RealServer;
}

async function startRegions(t: Test): Promise<Regions> {
  const union = await startPrometheus(t);
  const groups = await Promise.all(
    ['eu', 'us'].map(async (name) => {
      const server = await startPrometheus(t);
      await importIntoPrometheus(server.url, seriesOf(name));
      const { host } = new URL(server.url);
      return `    - { name: ${name}, static_configs: [{ targets: ['${host}'] }], labels: { region: ${name} } }\n`;
    }),
  );
  for (const region of ['eu', 'us']) {
    const series = seriesOf(region).map((one) => ({ ...one, labels: { ...one.labels, region } }));
    await importIntoPrometheus(union.url, series);
  }
  return { union, groups: `promxy:\n  server_groups:\n${groups.join('')}` };
}

const EXPRESSIONS = {
  'region:requests:rate5m': 'sum by (region) (rate(requests_total[5m]))',
  'pod:load:max': 'max by (pod) (load)',
  'load:filtered': 'load > 10',
  'one:number': 'count(load) * 2',
};

const RULES = `
groups:
  - name: first
    interval: 30s
    rules:
${Object.entries(EXPRESSIONS)
  .map(([name, expr]) => `      - { record: '${name}', expr: '${expr}', labels: { source: backfill } }`)
  .join('\n')}
      - { alert: Skipped, expr: up == 0 }
`;

const WRITE = (url: string, more = ''): string =>
  `remote_write: [{ url: '${url}/api/v1/write', name: store${more} }]\n`;

const TIMES = [`--start=${START_MS / 1000}`, `--end=${END_MS / 1000}`];

/** The times at which the server evaluates the group `first`. */
function gridOf({ folder }: BackfillSetup, group = 'first', stepMs = STEP_MS): Grid {
  const offsetMs = slotOffsetMs(join(folder, 'rules.yaml'), group, stepMs);
  const startMs = Math.ceil((START_MS - offsetMs) / stepMs) * stepMs + offsetMs;
  return { startMs, endMs: END_MS, stepMs };
}

async function flush({ url }: RealServer): Promise<void> {
  await (await fetch(`${url}/internal/force_flush`)).arrayBuffer();
}

/** Compares the series of the rules with range queries of their expressions. */
async function compare(
  t: Test,
  stored: RealServer,
  union: RealServer,
  grid: Grid,
  digits = 17,
): Promise<void> {
  for (const [name, expr] of Object.entries(EXPRESSIONS)) {
    const written = await rangeOf(stored.url, `{__name__="${name}"}`, grid);
    const expected = (await rangeOf(union.url, expr, grid)).map(({ metric, values }) => ({
      metric: { ...metric, __name__: name, source: 'backfill' },
      values,
    }));
    const sorted = (series: readonly Series[]): unknown =>
      series
        .map(({ metric, values }) => [
          Object.entries(metric).sort(),
          values.map(([time, value]) => [time, Number(value).toPrecision(digits)]),
        ])
        .sort(([a], [b]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    t.ok(written.length > 0, `${name} was written`);
    t.strictSame(sorted(written), sorted(expected), name);
  }
}

t.test('receivers have the values of the expressions at every step', { skip }, async (t) => {
  const { union, groups } = await startRegions(t);
  for (const receiver of ['VictoriaMetrics', 'Prometheus 1.0', 'Prometheus 2.0'] as const) {
    await t.test(receiver, async (t) => {
      const store = await (receiver === 'VictoriaMetrics' ? startVictoriaMetrics(t) : startPrometheus(t));
      const v2 = receiver === 'Prometheus 2.0' ? ', protobuf_message: io.prometheus.write.v2.Request' : '';
      const setup = setUpBackfill(t, RULES);
      const command = { flags: TIMES, config: WRITE(store.url, v2) + groups };
      const { status, err, out } = await setup.run(command);
      t.equal(status, 0, err);
      t.match(out, /^backfill of 4 rules has finished: \d+ samples written\n$/);
      t.match(err, /note: alerting rules are skipped: 1\n/);
      t.match(err, /100% group first, rule one:number: chunk 2\/2, \d+ samples written, done/);
      if (receiver === 'VictoriaMetrics') await flush(store);
      // VictoriaMetrics rounds what it stores.
      await compare(t, store, union, gridOf(setup), receiver === 'VictoriaMetrics' ? 12 : 17);
      const again = await setup.run(command);
      t.equal(again.status, 0);
      t.match(again.out, /^nothing to do: .*state\.json says that the backfill of 4 rules has finished/);
    });
  }
});

const CHAIN = `
groups:
  - name: chain
    interval: 30s
    rules:
      - { record: 'a:rate', expr: 'sum by (region, pod) (rate(requests_total[2m]))' }
      - { record: 'b:sum', expr: 'sum by (region) (a:rate)' }
      - { record: 'c:avg', expr: 'avg_over_time(b:sum[10m]) + on () group_left () count(a:rate offset 1m)' }
  - name: other
    interval: 1m
    rules:
      - { record: 'd:max', expr: 'max_over_time(c:avg[5m])' }
  - name: self
    interval: 2m
    rules:
      - { record: 'e:count', expr: 'count(load) + (e:count or vector(0))' }
`;

const CHAINED = [
  { group: 'chain', stepMs: 30_000, record: 'b:sum', expr: 'sum by (region) (a:rate)' },
  {
    group: 'chain',
    stepMs: 30_000,
    record: 'c:avg',
    expr: 'avg_over_time(b:sum[10m]) + on () group_left () count(a:rate offset 1m)',
  },
  { group: 'other', stepMs: 60_000, record: 'd:max', expr: 'max_over_time(c:avg[5m])' },
];

t.test('rules see the results of the rules that they depend on', { skip }, async (t) => {
  const [{ groups, union }, whole, resumed] = await Promise.all([
    startRegions(t),
    startPrometheus(t),
    startPrometheus(t),
  ]);
  const setup = setUpBackfill(t, CHAIN);
  const flags = [...TIMES, `--resume-file=${join(setup.folder, 'whole.json')}`];
  const first = await setup.run({ flags, config: WRITE(whole.url) + groups });
  t.equal(first.status, 0, first.err);

  await t.test('expressions over the stored results see the same', async (t) => {
    for (const { group, stepMs, record, expr } of CHAINED) {
      const grid = gridOf(setup, group, stepMs);
      const expected = await rangeOf(whole.url, expr, grid);
      const written = await rangeOf(whole.url, record, grid);
      t.ok(written.length > 0, `${record} was written`);
      t.strictSame(written.map(withoutName), expected.map(withoutName), record);
    }
  });

  await t.test('rules see their own earlier results', async (t) => {
    const grid = gridOf(setup, 'self', 120_000);
    const counts = (await rangeOf(union.url, 'count(load)', grid))[0]!.values;
    let sum = 0;
    const expected = counts.map(([time, count]) => [time, String((sum += Number(count)))]);
    t.strictSame((await rangeOf(whole.url, 'e:count', grid))[0]!.values, expected);
  });

  await t.test('interruptions change nothing', async (t) => {
    let runs = 0;
    for (let status = 1; status !== 0; runs++) {
      let queries = 0;
      const run = await setup.run({
        flags: TIMES,
        config: WRITE(resumed.url) + groups,
        onQuery: (signal) => {
          if (++queries === 2 + 2 ** runs) signal.abort(new PromfedError('canceled', 'interrupted'));
        },
      });
      status = run.status;
      if (runs > 50) throw new Error(run.err);
    }
    t.ok(runs > 2, `${runs} runs`);
    const all = '{__name__=~".:.*"}[1d]';
    t.strictSame(await samplesOf(resumed, all), await samplesOf(whole, all));
  });
});

function withoutName({ metric, values }: Series): unknown {
  const labels = Object.entries(metric).filter(([name]) => name !== '__name__');
  return [labels.sort(), values];
}

/** Returns all samples, sorted by labels. */
async function samplesOf({ url }: RealServer, selector: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(selector)}`);
  const { data } = (await answer.json()) as { data: { result: readonly object[] } };
  return data.result.map((one) => JSON.stringify(one)).sort();
}

t.test('failures name the rule, the chunk and the reason', { skip }, async (t) => {
  const [{ groups }, strict] = await Promise.all([
    startRegions(t),
    startPrometheus(t, { outOfOrderWindow: '0s' }),
  ]);
  const now = [{ labels: { __name__: 'now' }, timestamps: [Date.now()], values: [1] }];
  await importIntoPrometheus(strict.url, now);

  await t.test('a receiver that refuses old samples', async (t) => {
    const setup = setUpBackfill(t, RULES);
    const { status, err } = await setup.run({ flags: TIMES, config: WRITE(strict.url) + groups });
    t.equal(status, 1);
    t.match(
      err,
      /promfed: rule "region:requests:rate5m" of group "first", chunk 1\/3 \(\S+Z to \S+Z\): remote write "store" refused samples: http:\S+: status 400: out of bounds; a Prometheus accepts samples of the past within storage\.tsdb\.out_of_order_time_window only: set it to [45]h or more\n/,
    );
  });

  await t.test('a region that does not answer', async (t) => {
    const setup = setUpBackfill(t, RULES);
    const down =
      "    - { name: down, static_configs: [{ targets: ['127.0.0.1:1'] }], labels: { region: down }, ignore_error: true }\n";
    const command = { flags: TIMES, config: WRITE(strict.url) + groups + down };
    const { status, err } = await setup.run(command);
    t.equal(status, 1);
    t.match(
      err,
      /chunk 1\/3 .*: the result of rule "region:requests:rate5m" is partial: .*down.*; run the command again when it answers, or use --partial=write\n/,
    );
    const written = await setup.run({ ...command, flags: [...TIMES, '--partial=write'] });
    t.match(written.err, /note: .*server group "down".*\n/);
    t.match(written.err, /refused/);
  });
});

t.test('native histograms are written as they are computed', { skip }, async (t) => {
  const args = ['--enable-feature=native-histograms'];
  const [region, store] = await Promise.all([startPrometheus(t, { args }), startPrometheus(t, { args })]);
  const count = 120;
  await importIntoPrometheus(
    region.url,
    histogramSet({ region: 'eu', startMs: START_MS, intervalMs: 15_000, count }),
  );
  const setup = setUpBackfill(
    t,
    `groups: [{ name: first, interval: 30s, rules: [
      { record: 'a:rate', expr: 'sum by (shape) (rate(latency{shape=~"integers|floats|signed"}[5m]))' },
      { record: 'b:quantile', expr: 'histogram_quantile(0.9, sum(a:rate))' },
      { record: 'c:mixed', expr: 'mixed' },
    ] }]`,
  );
  const { host } = new URL(region.url);
  const config =
    `remote_write: [{ url: '${store.url}/api/v1/write', protobuf_message: io.prometheus.write.v2.Request, send_native_histograms: true }]\n` +
    `promxy: { server_groups: [{ static_configs: [{ targets: ['${host}'] }], remote_read: true }] }\n`;
  const { status, err } = await setup.run({ flags: TIMES, config });
  t.equal(status, 0, err);
  // Prometheus 3.5 extrapolates native histograms to the start of a series in another way than 3.14.
  const whole = gridOf(setup);
  const grid = { ...whole, startMs: whole.startMs + 12 * STEP_MS };
  const expected = {
    'a:rate': 'sum by (shape) (rate(latency{shape=~"integers|floats|signed"}[5m]))',
    'b:quantile':
      'histogram_quantile(0.9, sum(sum by (shape) (rate(latency{shape=~"integers|floats|signed"}[5m]))))',
    'c:mixed': 'mixed',
  };
  for (const [record, expr] of Object.entries(expected)) {
    const of = async (url: string, query: string) => (await rangeOf(url, query, grid)).map(rounded);
    const written = await of(store.url, `{__name__="${record}"}`);
    t.ok(written.length > 0, `${record} was written`);
    t.strictSame(written, await of(region.url, expr), record);
  }
});

/** A series without its name, and with twelve digits of each number. */
function rounded({ metric, ...rest }: Series): unknown {
  const labels = Object.entries(metric).filter(([name]) => name !== '__name__');
  const text = JSON.stringify([labels.sort(), rest]);
  return JSON.parse(
    text.replace(/-?\d+\.\d+(?:e[-+]\d+)?/g, (number) => String(Number(Number(number).toPrecision(12)))),
  ) as unknown;
}
