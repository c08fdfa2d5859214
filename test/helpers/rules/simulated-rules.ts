// Rule files over regions in memory, in simulated time: the whole path from YAML to alerts and written samples.

import type { RuleGroupSettings, ServerGroupSettings } from '../../../src/config/index.js';
import { checkTemplate } from '../../../src/config/rules/check-template.js';
import { parseRuleFile } from '../../../src/config/rules/parse-rule-file.js';
import { createFederation, type QueryEngine } from '../../../src/federation/index.js';
import { Labels, PromfedError } from '../../../src/model/index.js';
import { NO_RULE_METRICS, type RuleMetrics } from '../../../src/rules/metrics.js';
import {
  createRuleSet,
  RuleManager,
  type OutgoingAlert,
  type OutgoingSample,
} from '../../../src/rules/index.js';
import type { RuleSet } from '../../../src/rules/rule-manager.js';
import { createMemoryGroup } from '../../../src/rules/unit-test/memory-group.js';
import { SeriesStore } from '../../../src/rules/unit-test/series-store.js';
import { Cancellation, NO_LOG, systemClock } from '../../../src/runtime/index.js';
import type { GroupSnapshot, ServerGroup } from '../../../src/upstreams/index.js';
import { ManualTimers, turn } from '../runtime/manual-timers.js';

/** Interval of the samples of regions. */
const SAMPLE_INTERVAL_MS = 5_000;
/** Evaluations end before time passes by more. */
const STEP_MS = 1_000;

export interface SentAlert extends OutgoingAlert {
  readonly sentAtMs: number;
}

export interface LogLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface SimulatedRulesOptions {
  /** Default: a new clock. */
  readonly timers?: ManualTimers;
  /** Default: new regions, which a replica or the next process shares. */
  readonly world?: SimulatedWorld;
  readonly metrics?: RuleMetrics;
  /** `--rules.alert.for-grace-period`. Default 0. */
  readonly forGracePeriodMs?: number;
  /** Default 600,000. */
  readonly holdMs?: number;
  /** Replaces the engine. */
  readonly engine?: (engine: QueryEngine) => QueryEngine;
}

/** The regions `eu` and `us`, and `results`, the one that remote write goes to. Each has the label `region`. */
export class SimulatedWorld {
  /** The clock of the processes minus the clock of the regions. */
  clockErrorMs = 0;
  readonly results = new SeriesStore();
  readonly #down = new Set<string>();
  readonly #required = new Set<string>();
  readonly #regions = new Map<string, SeriesStore>();
  readonly #series = new Map<string, { readonly region: string; readonly labels: Labels; value: number }>();
  readonly groups: readonly ServerGroup[];

  constructor(regions: readonly string[] = ['eu', 'us']) {
    this.groups = [
      ...regions.map((name) => this.#createRegion(name, new SeriesStore())),
      this.#createRegion('results', this.results),
    ];
  }

  /** The region does not answer until `revive`. */
  kill(region: string): void {
    this.#down.add(region);
  }

  /** A failure of the region is an error from now on. */
  require(region: string): void {
    this.#required.add(region);
  }

  revive(region: string): void {
    this.#down.delete(region);
  }

  /** Sets the value of a series from the next sample on. */
  set(region: string, labels: Readonly<Record<string, string>>, value: number): void {
    const parsed = Labels.from(labels);
    this.#series.set(`${region}/${parsed.key}`, { region, labels: parsed, value });
  }

  /** Ends a series by a stale marker. */
  end(region: string, labels: Readonly<Record<string, string>>, timeMs: number): void {
    const parsed = Labels.from(labels);
    this.#series.delete(`${region}/${parsed.key}`);
    this.#regions.get(region)!.append(parsed, timeMs, 'stale');
  }

  /** Adds a sample to every series. @param timeMs by the clock of the processes. */
  sample(timeMs: number): void {
    for (const { region, labels, value } of this.#series.values()) {
      this.#regions.get(region)!.append(labels, timeMs - this.clockErrorMs, value);
    }
  }

  #createRegion(name: string, store: SeriesStore): ServerGroup {
    this.#regions.set(name, store);
    const group = memoryGroup(name, store);
    const check = (): void => {
      if (this.#down.has(name)) throw new PromfedError('upstream', `${name}: connection refused`);
    };
    const isRequired = (): boolean => this.#required.has(name);
    const snapshots = group.snapshots(0, true).map((snapshot): GroupSnapshot => ({
      ...snapshot,
      get ignoreError() {
        return !isRequired();
      },
      query: async (query, context) => {
        check();
        return snapshot.query(query, context);
      },
      samples: async (query, context) => {
        check();
        return snapshot.samples(query, context);
      },
    }));
    return { ...group, snapshots: () => snapshots };
  }
}

function memoryGroup(name: string, series: SeriesStore): ServerGroup {
  const features = new Set<never>();
  const labels = Labels.from({ region: name });
  return createMemoryGroup({ name, labels, series, features, defaultStepMs: 60_000 });
}

/** Settings of a server group: restoring ignores its labels. */
const SERVER_GROUP = {
  labels: Labels.from({ region: 'results' }),
  targets: [],
} as Partial<ServerGroupSettings> as ServerGroupSettings;

/** One process that evaluates rules. */
export class SimulatedRules {
  readonly timers: ManualTimers;
  readonly world: SimulatedWorld;
  readonly manager: RuleManager;
  readonly sent: SentAlert[] = [];
  readonly written: OutgoingSample[] = [];
  readonly log: LogLine[] = [];
  readonly #options: SimulatedRulesOptions;
  readonly #engine: QueryEngine;
  readonly #signal = new Cancellation();
  #running = 0;

  constructor(options: SimulatedRulesOptions = {}) {
    this.#options = options;
    this.timers = options.timers ?? new ManualTimers();
    this.world = options.world ?? new SimulatedWorld();
    const metrics = options.metrics ?? NO_RULE_METRICS;
    this.manager = new RuleManager({ timers: this.timers, metrics, log: NO_LOG });
    const federation = createFederation({
      groups: this.world.groups,
      // Deadlines of requests are in real time.
      clock: systemClock,
      maxSamples: 50_000_000,
      lookbackDeltaMs: undefined,
      defaultStepMs: 60_000,
      delaysNames: false,
      pushdown: true,
    });
    this.#engine = options.engine?.(federation) ?? federation;
  }

  /** Loads rule files, as a start or a reload. */
  async load(files: Readonly<Record<string, string>>): Promise<void> {
    await this.manager.update(
      this.#ruleSet(Object.entries(files).flatMap(([name, text]) => parse(name, text))),
    );
  }

  /** Lets time pass. Every five seconds, all series of the regions get a sample. */
  async pass(ms: number): Promise<void> {
    await passTogether([this], ms);
  }

  /** True while a group is evaluated or restored. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** The alerts of a rule that are not inactive, as `eu:firing us:pending`, with their active times on request. */
  states(rule: string, withTimes = false): string {
    return this.#alertsOf(rule)
      .map(({ labels, state, activeAtMs }) => {
        const name = labels.get('region') || labels.get('job') || '-';
        return `${name}:${state}${withTimes ? `@${activeAtMs}` : ''}`;
      })
      .sort()
      .join(' ');
  }

  lastErrors(): Record<string, string | undefined> {
    const rules = this.manager.groups.flatMap((group) => group.rules);
    return Object.fromEntries(rules.map(({ name, evaluation }) => [name, evaluation.lastError]));
  }

  /** The written samples of a metric as text, and no longer part of `written`. */
  takeWritten(metric: string): string[] {
    const taken = this.written.filter(({ labels }) => labels.metricName === metric);
    const rest = this.written.filter(({ labels }) => labels.metricName !== metric);
    this.written.splice(0, this.written.length, ...rest);
    return taken.map(
      ({ labels, value, isStale }) => `${labels.toString()} ${isStale ? 'stale' : JSON.stringify(value)}`,
    );
  }

  /** Ends the process without a clean stop: nothing is written. */
  async kill(): Promise<void> {
    this.#signal.abort(new PromfedError('canceled', 'killed'));
    await this.manager.close();
  }

  #alertsOf(rule: string) {
    return this.manager.groups
      .flatMap((group) => group.rules)
      .flatMap((one) => (one.kind === 'alerting' && one.name === rule ? [...one.alerts] : []))
      .filter(({ state }) => state !== 'inactive');
  }

  #ruleSet(ruleGroups: readonly RuleGroupSettings[]): RuleSet {
    const { metrics = NO_RULE_METRICS, forGracePeriodMs = 0, holdMs = 600_000 } = this.#options;
    const rules = createRuleSet(
      {
        ruleGroups,
        rules: { holdMs, chainedResults: 'memory' },
        externalLabels: Labels.from({ source: 'promfed' }),
        serverGroups: [SERVER_GROUP],
      },
      {
        engine: () => this.#engine,
        alerts: {
          send: (alerts) =>
            this.sent.push(...alerts.map((alert) => ({ ...alert, sentAtMs: this.timers.now() }))),
        },
        samples: {
          append: (samples) => {
            this.written.push(...samples);
            for (const { labels, timeMs, value, isStale } of samples) {
              this.world.results.append(labels, timeMs, isStale ? 'stale' : value);
            }
          },
        },
        features: new Set(),
        queryTimeoutMs: 10_000,
        resendDelayMs: 60_000,
        forOutageToleranceMs: 3_600_000,
        forGracePeriodMs,
        alertBackfill: false,
        externalUrl: 'http://promfed.test',
        metrics,
        clock: this.timers,
        log: {
          ...NO_LOG,
          warn: (fields, message) => this.log.push({ message, fields: { ...fields } }),
          error: (fields, message) => this.log.push({ message, fields: { ...fields } }),
        },
        signal: this.#signal,
      },
    );
    return {
      ...rules,
      createGroup: (settings, isRestored) => {
        const group = rules.createGroup(settings, isRestored);
        const evaluate = group.evaluate.bind(group);
        group.evaluate = (...parameters) => this.#count(evaluate(...parameters));
        return group;
      },
      restore: (group, attempt) => this.#count(rules.restore(group, attempt)),
    };
  }

  async #count(work: Promise<void>): Promise<void> {
    this.#running++;
    try {
      await work;
    } finally {
      this.#running--;
    }
  }
}

/** Lets time pass for processes over the same regions. */
export async function passTogether(processes: readonly SimulatedRules[], ms: number): Promise<void> {
  const { timers, world } = processes[0]!;
  const endMs = timers.now() + ms;
  while (timers.now() < endMs) {
    if (timers.now() % SAMPLE_INTERVAL_MS === 0) world.sample(timers.now());
    await timers.pass(Math.min(STEP_MS, endMs - timers.now()));
    while (processes.some(({ isBusy }) => isBusy)) await turn();
  }
}

/** The default interval is a minute. @throws Error for an invalid file. */
function parse(file: string, text: string): readonly RuleGroupSettings[] {
  const defaults = { intervalMs: 60_000, queryOffsetMs: 0, partialResponse: undefined };
  const { groups, problems } = parseRuleFile(text, file, defaults, { features: new Set(), checkTemplate });
  if (problems.length > 0) throw new Error(problems.map((problem) => problem.text).join('; '));
  return groups;
}
