// The same rule files in a real Prometheus with all data and in promfed over two regions, in real time, while the data
// changes: equal states after every evaluation, and equal written series.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import t from 'tap';

import { buildPromfed, startPromfedProcess } from '../helpers/promfed/process.js';
import { randomRuns, randomSeed } from '../helpers/random-runs.js';
import {
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
  type RealServer,
  type Teardown,
} from '../helpers/real-servers/real-servers.js';
import { LiveData } from '../helpers/rules/live/live-data.js';
import { liveScenario, type LiveScenario } from '../helpers/rules/live/live-rules.js';
import {
  alertsBefore,
  comparableGroup,
  completeSlot,
  readRuleStates,
  roundedValue,
  type RuleStates,
} from '../helpers/rules/live/rule-states.js';
import { until } from '../helpers/until.js';

/** Seconds of comparison: `PROMFED_RUNS`. Every minute begins with other rules. */
const SECONDS = Math.max(5, randomRuns(8));
const ROUND_SECONDS = 60;
/** A long run has one region in VictoriaMetrics. */
const IS_LONG = SECONDS > 30;
/** Intervals until samples are evaluated: all servers show them then. */
const QUERY_OFFSET = IS_LONG ? 4 : 3;
/** Age of the newest samples that are evaluated, in intervals: random rules contain `offset -1m`. */
const NEWEST_SAMPLES = QUERY_OFFSET - 1;
/** Intervals without data at the start, so that both servers evaluate all groups. */
const WARM_UP = 2;

t.before(buildPromfed);

interface Servers {
  readonly scenario: LiveScenario;
  readonly intervalMs: number;
  readonly union: RealServer;
  readonly results: RealServer;
  readonly regions: readonly RealServer[];
  readonly promfedUrl: string;
}

async function startServers(t: Teardown, seed: number, intervalMs: number): Promise<Servers> {
  const scenario = liveScenario(seed, intervalMs, QUERY_OFFSET * intervalMs);
  const folder = mkdtempSync(join(tmpdir(), 'promfed-live-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  // The slots of a group depend on the path of its file.
  const ruleFile = join(folder, 'rules.yaml');
  writeFileSync(ruleFile, scenario.rules);
  const [union, results, ...regions] = await Promise.all([
    startPrometheus(t, { ruleFiles: [ruleFile] }),
    startPrometheus(t),
    startPrometheus(t),
    IS_LONG ? startVictoriaMetrics(t, { args: ['-search.latencyOffset=0s'] }) : startPrometheus(t),
  ]);
  const hostOf = ({ url }: RealServer): string => new URL(url).host;
  const config = {
    rule_files: [ruleFile],
    remote_write: [{ url: `${results.url}/api/v1/write`, queue_config: { batch_send_deadline: '500ms' } }],
    promxy: {
      server_groups: [
        ...regions.map((region, i) => ({
          name: scenario.regions[i]!.name,
          labels: scenario.regions[i]!.labels,
          static_configs: [{ targets: [hostOf(region)] }],
          ...(i === 1 && IS_LONG ? { semantics: 'exact' } : { remote_read: true }),
        })),
        {
          name: 'results',
          static_configs: [{ targets: [hostOf(results)] }],
          remote_read: true,
          label_filter: {
            static_labels_include: { __name__: ['ALERTS', 'ALERTS_FOR_STATE', ...scenario.recordNames] },
          },
        },
      ],
    },
  };
  const configFile = join(folder, 'promfed.yaml');
  writeFileSync(configFile, JSON.stringify(config));
  const promfed = await startPromfedProcess(t, `--config=${configFile}`, '--workers=1');
  return { scenario, intervalMs, union, results, regions, promfedUrl: promfed.url.replace(/\/$/, '') };
}

interface Comparison {
  readonly differences: readonly {
    readonly slotMs: number;
    readonly promfed: object;
    readonly prometheus: object;
  }[];
  /** Number of evaluations of a group that were compared. */
  readonly compared: number;
  /** Number of alerts in the compared states. */
  readonly alerts: number;
  /** Reason why the machine was too slow for a comparison. */
  readonly tooSlow: string | undefined;
  /** Longest time until a sample was visible. */
  readonly lagMs: number;
  readonly seriesDifferences: readonly object[];
}

async function compare(servers: Servers, seconds: number): Promise<Comparison> {
  const { intervalMs, union, promfedUrl, scenario, regions } = servers;
  const names = (JSON.parse(scenario.rules) as { groups: { name: string }[] }).groups.map(({ name }) => name);
  const readBoth = (): Promise<[RuleStates, RuleStates]> =>
    Promise.all([readRuleStates(promfedUrl), readRuleStates(union.url)]);
  await until(async () => {
    const both = await readBoth();
    return both.every((states) => names.every((name) => completeSlot(states, name) !== undefined));
  }, 'the first evaluations');
  await sleep(WARM_UP * intervalMs);
  const missedBefore = await missedSlots([promfedUrl, union.url]);
  const sinceMs = Date.now() + intervalMs;
  await sleep(2 * intervalMs);
  const data = new LiveData({
    unionUrl: union.url,
    regions: regions.map(({ url }, i) => ({
      ...scenario.regions[i]!,
      url,
      flushPath: i === 1 && IS_LONG ? '/internal/force_flush' : undefined,
    })),
    intervalMs,
  });
  const endMs = Date.now() + (QUERY_OFFSET + seconds) * intervalMs;
  const differences: Comparison['differences'][number][] = [];
  const compared = new Set<string>();
  /** Alerts that became active before there was data, at times that differ. */
  const skipped = new Set<string>();
  let alerts = 0;
  while (Date.now() < endMs && differences.length === 0) {
    const [promfed, prometheus] = await readBoth();
    // One of them may keep an alert firing that has ended in the other, where it was still pending.
    const before = new Set([promfed, prometheus].flatMap((states) => alertsBefore(states, sinceMs)));
    for (const name of before) skipped.add(name);
    for (const name of names) {
      const slotMs = completeSlot(promfed, name);
      const key = `${name}/${slotMs}`;
      if (slotMs === undefined || slotMs !== completeSlot(prometheus, name) || compared.has(key)) continue;
      compared.add(key);
      const actual = comparableGroup(promfed, name, sinceMs, before);
      const expected = comparableGroup(prometheus, name, sinceMs, before);
      alerts += (JSON.stringify(expected).match(/"activeAt"/g) ?? []).length / 2;
      if (JSON.stringify(actual) !== JSON.stringify(expected)) {
        differences.push({ slotMs, promfed: actual, prometheus: expected });
      }
    }
    await sleep(intervalMs / 20);
  }
  const seriesDifferences =
    differences.length > 0 ? [] : await compareSeries(servers, skipped, sinceMs, Date.now() - 2 * intervalMs);
  await data.stop();
  const missed = (await missedSlots([promfedUrl, union.url])) - missedBefore;
  const tooSlow =
    missed > 0
      ? `${missed} missed slots`
      : data.maxLagMs > NEWEST_SAMPLES * intervalMs
        ? `samples were visible after ${data.maxLagMs} ms`
        : undefined;
  return { differences, compared: compared.size, alerts, tooSlow, lagMs: data.maxLagMs, seriesDifferences };
}

async function missedSlots(urls: readonly string[]): Promise<number> {
  const texts = await Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  const counts = texts.flatMap((text) => [
    ...text.matchAll(/^prometheus_rule_group_iterations_missed_total\{.*\} (\S+)$/gm),
  ]);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Compares the series that the rules wrote, at the times of the evaluations, stale markers included. */
async function compareSeries(
  { scenario, union, results, intervalMs }: Servers,
  skipped: ReadonlySet<string>,
  sinceMs: number,
  untilMs: number,
): Promise<object[]> {
  const { groups } = JSON.parse(scenario.rules) as {
    groups: { name: string; rules: { record?: string; alert?: string }[] }[];
  };
  const states = await readRuleStates(union.url);
  const differences: object[] = [];
  for (const group of groups) {
    const slotMs = untilSlot(states, group.name, untilMs) - QUERY_OFFSET * intervalMs;
    const startMs = slotMs - Math.floor((slotMs - sinceMs) / intervalMs) * intervalMs;
    for (const { record, alert } of group.rules) {
      if (alert !== undefined && skipped.has(alert)) continue;
      const queries =
        record !== undefined
          ? [`{__name__="${record}"}`]
          : [`ALERTS{alertname="${alert}"}`, `ALERTS_FOR_STATE{alertname="${alert}"}`];
      for (const query of queries) {
        const read = (url: string): Promise<string[]> => readSeries(url, query, startMs, slotMs, intervalMs);
        const expected = await read(union.url);
        let actual = await read(results.url);
        for (
          let attempt = 0;
          attempt < 30 && JSON.stringify(actual) !== JSON.stringify(expected);
          attempt++
        ) {
          // Remote write is asynchronous.
          await sleep(intervalMs / 10);
          actual = await read(results.url);
        }
        if (JSON.stringify(actual) !== JSON.stringify(expected))
          differences.push({ query, actual, expected });
      }
    }
  }
  return differences;
}

function untilSlot(states: RuleStates, name: string, untilMs: number): number {
  const slotMs = completeSlot({ ...states, startMs: untilMs, endMs: untilMs }, name);
  if (slotMs === undefined) throw new Error(`the group ${name} was not evaluated`);
  return slotMs;
}

async function readSeries(
  url: string,
  query: string,
  startMs: number,
  endMs: number,
  stepMs: number,
): Promise<string[]> {
  const parameters = new URLSearchParams({
    query,
    start: String(startMs / 1000),
    end: String(endMs / 1000),
    step: String(stepMs / 1000),
  });
  const response = await fetch(`${url}/api/v1/query_range?${parameters.toString()}`);
  const { data } = (await response.json()) as {
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  return data.result
    .map(({ metric, values }) => {
      const labels = Object.entries(metric).map(([name, value]) => `${name}=${value}`);
      const samples = values.map(
        ([time, value]) => `${Math.round(time * 1000 - startMs)}:${roundedValue(value)}`,
      );
      return `${labels.sort().join(',')} ${samples.join(' ')}`;
    })
    .sort();
}

for (let round = 0; round * ROUND_SECONDS < SECONDS; round++) {
  const name = round === 0 ? '' : ` (round ${round + 1})`;
  t.test(
    `rules have the states and series of Prometheus after every evaluation${name}`,
    {
      skip: withoutRealServers(),
    },
    async (t) => {
      const seed = randomSeed() + round;
      t.comment(`seed ${seed}`);
      const seconds = Math.min(ROUND_SECONDS, SECONDS - round * ROUND_SECONDS);
      // A slow machine gets longer intervals.
      for (const intervalMs of [1_000, 2_000, 4_000]) {
        const servers = await startServers(t, seed, intervalMs);
        const { tooSlow, lagMs, differences, seriesDifferences, compared, alerts } = await compare(
          servers,
          seconds,
        );
        t.comment(
          `${compared} evaluations of a group and ${alerts} alerts compared, samples visible after up to ${lagMs} ms${tooSlow ? `; ${tooSlow}` : ''}`,
        );
        if (tooSlow !== undefined && intervalMs < 4_000) continue;
        t.same(
          differences.map(({ promfed }) => promfed),
          differences.map(({ prometheus }) => prometheus),
        );
        t.same(seriesDifferences, []);
        t.ok(compared > seconds, 'evaluations are compared');
        t.ok(alerts > 0, 'alerts are compared');
        break;
      }
    },
  );
}
