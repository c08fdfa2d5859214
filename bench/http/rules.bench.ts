// Rule evaluation: the alerts of KOF, completed by generated ones, over three regions, and a thousand rules over ten
// server groups on one core. A process without rules is measured beside them.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import autocannon from 'autocannon';

import { sharedPath, withoutShared } from '../../test/helpers/shared.js';
import { createBenchmark } from '../benchmark.js';
import { cpuMs, rssBytesOfAll } from './process-usage.js';
import { expressionsOf, generatedExpressions, generatedRules, seriesOfSelectors } from './rule-series.js';
import { groupOf, regionLabel, startPromfed, startRegions, type Region } from './two-regions-testbed.js';

const intervalMs = 5_000;
/** Two minutes, until V8 has compiled the code that is used often. */
const warmUpIntervals = 24;
const measuredIntervals = 10;
/** Figures of promxy for all alerts of KOF over three server groups, for each interval. */
const promxy = { alerts: 169, requests: 951, cpuS: 0.47 };
/** Samples exist until this time after the start. */
const dataMs = 15 * 60_000;
/** Load for the latency of queries: one client at this rate. */
const queriesPerSecond = 20;
const querySeconds = 20;
const MB = 1e6;

const benchmark = createBenchmark('rules');
const { t } = benchmark;
await benchmark.run(measureAll);

interface RuleCase {
  readonly name: string;
  readonly groups: readonly Readonly<Record<string, unknown>>[];
  readonly ruleFiles: readonly string[];
  /** True to run all threads of the process on one core. */
  readonly isOnOneCore?: boolean;
  readonly maxRequests?: number;
  readonly maxCpuS?: number;
}

async function measureAll(): Promise<void> {
  const kof = withoutShared('kof/rules') === false ? sharedPath('kof/rules') : undefined;
  const kofTexts =
    kof === undefined ? [] : readdirSync(kof).map((file) => readFileSync(join(kof, file), 'utf8'));
  const kofExpressions = kofTexts.flatMap(expressionsOf);
  const added = promxy.alerts - kofExpressions.length;
  const expressions = [...kofExpressions, ...generatedExpressions(21)];
  const nowMs = Date.now();
  const times = { startMs: nowMs - 15 * 60_000, endMs: nowMs + dataMs, intervalMs: 15_000 };
  const regions = await startRegions(t, {
    ...times,
    perRegion: 0,
    names: ['east', 'north', 'west'],
    more: (region) => seriesOfSelectors(expressions, { ...times, region }),
  });
  await measure({ name: 'no rules', groups: regions.map((region) => groupOf(region)), ruleFiles: [] });
  await measure({
    name: `${promxy.alerts} alerts over 3 regions, ${kofExpressions.length} of KOF`,
    groups: regions.map((region) => groupOf(region)),
    ruleFiles: [...(kof === undefined ? [] : [join(kof, '*.yaml')]), join(writeRules(added), '*.yaml')],
    maxRequests: promxy.requests / 3,
    maxCpuS: promxy.cpuS / 2,
  });
  await measure({
    name: '1000 rules over 10 server groups, on one core',
    isOnOneCore: true,
    groups: Array.from({ length: 10 }, (_, i) => aliasOf(regions[i % regions.length]!, i)),
    ruleFiles: [join(writeRules(1_000), '*.yaml')],
  });
}

/** Returns a server group that reads a region under a name of its own. */
function aliasOf(region: Region, index: number): Readonly<Record<string, unknown>> {
  const name = `region-${index}`;
  return groupOf(region, { name, labels: { [regionLabel]: name } });
}

async function measure(one: RuleCase): Promise<void> {
  const { name, groups, ruleFiles, isOnOneCore = false, maxRequests, maxCpuS } = one;
  const flags = isOnOneCore ? ['--workers=1'] : [];
  const { endpoint, server } = await startPromfed(t, groups, flags, {
    global: { evaluation_interval: `${intervalMs}ms` },
    rule_files: ruleFiles,
  });
  const pid = server.pid()!;
  try {
    if (isOnOneCore) execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', '0', String(pid)]);
    await sleep(warmUpIntervals * intervalMs);
    const read = async (): Promise<Figures> => ({
      ...(await readMetrics(endpoint.origin)),
      cpuS: cpuMs(pid) / 1000,
    });
    const before = await read();
    await sleep(measuredIntervals * intervalMs);
    const after = await read();
    const perInterval = (key: keyof Figures): number => (after[key] - before[key]) / measuredIntervals;
    const add = benchmark.figuresOf(name);
    add('rule evaluations per interval', perInterval('evaluations'), '');
    add('failed evaluations per interval', perInterval('failures'), '', 0);
    add('upstream requests per interval', perInterval('requests'), '', maxRequests);
    add('CPU per interval', perInterval('cpuS'), 's', maxCpuS);
    add('RSS of all processes', rssBytesOfAll(pid) / MB, 'MB');
    const { latency } = await autocannon({
      url: `${endpoint.origin}/api/v1/query?query=small_total`,
      connections: 1,
      overallRate: queriesPerSecond,
      duration: querySeconds,
    });
    add('median latency of a small query', latency.p50, 'ms');
    add('99th percentile latency of a small query', latency.p99, 'ms');
    add('missed slots', (await read()).missed, '', 0);
  } finally {
    await server.kill();
  }
}

/** Counters since the start of the process. */
interface Figures {
  readonly requests: number;
  readonly evaluations: number;
  readonly failures: number;
  readonly missed: number;
  readonly cpuS: number;
}

async function readMetrics(origin: string): Promise<Omit<Figures, 'cpuS'>> {
  const response = await fetch(`${origin}/metrics`);
  const lines = (await response.text()).split('\n');
  const sum = (metric: string): number =>
    lines
      .filter((line) => line.startsWith(`${metric}{`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  return {
    requests: sum('promfed_upstream_requests_total'),
    evaluations: sum('prometheus_rule_evaluations_total'),
    failures: sum('prometheus_rule_evaluation_failures_total'),
    missed: sum('prometheus_rule_group_iterations_missed_total'),
  };
}

/** Writes generated rules to a directory, which is removed in the end. */
function writeRules(count: number): string {
  const directory = mkdtempSync(join(tmpdir(), 'promfed-rules-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  writeFileSync(join(directory, 'generated.yaml'), generatedRules(count));
  return directory;
}
