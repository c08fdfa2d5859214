// A rule group: evaluates its rules at one time and reports their results.

import { asPromfedError, PromfedError, type Labels, type StopSignal } from '../../model/index.js';
import type { RuleGroupSettings } from '../../config/index.js';
import { QueryBatching, type QueryEngine } from '../../federation/index.js';
import { Cancellation, Pacer, type Clock, type Log, type MemoryAccount } from '../../runtime/index.js';
import type { AlertingRule, EvaluationTime } from '../alert/alerting-rule.js';
import { createChainedResults } from '../chain/chained-results.js';
import { GroupResults, NO_LOSS, type Loss } from '../chain/group-results.js';
import type { RecordedNames } from '../chain/recorded-names.js';
import { UNSHARED, type GroupLease } from '../election/index.js';
import type { RuleMetrics } from '../metrics.js';
import type { AlertSink, OutgoingSample, SampleSink } from '../ports.js';
import type { EngineQuery } from '../query/engine-query.js';
import type { RuleResult } from '../query/rule-result.js';
import type { RecordingRule } from '../recording-rule.js';
import { batchesOf } from './dependencies.js';
import { RuleMemory } from './rule-memory.js';
import { WrittenSeries } from './written-series.js';

export type Rule = AlertingRule | RecordingRule;

/** A rule with the function that evaluates its expression. */
export interface PreparedRule {
  readonly rule: Rule;
  readonly query: EngineQuery;
}

export interface RuleGroupOptions {
  /** Returns the engine of the current configuration. */
  readonly engine: () => QueryEngine;
  readonly alerts: AlertSink;
  readonly samples: SampleSink;
  /** Account for the series that the rules of all groups hold. Default: not counted. */
  readonly memory?: MemoryAccount | undefined;
  readonly resendDelayMs: number;
  /** `rules.chained_results`: true when rules read results of their group from memory. */
  readonly chainsInMemory: boolean;
  /** The metrics of all rule groups. */
  readonly recordedNames: RecordedNames;
  /** Returns the URL that shows an expression. */
  readonly graphUrl: (expr: string) => string;
  readonly metrics: RuleMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts evaluations. */
  readonly signal: StopSignal;
}

/** The samples of a successful evaluation, and the groups that were missing. */
interface WrittenResult {
  readonly samples: readonly OutgoingSample[];
  readonly loss: Loss;
}

const NOTHING: WrittenResult = { samples: [], loss: NO_LOSS };

/** The record of written series is always completed. */
const UNSTOPPABLE = new Cancellation();

/** Alertmanagers resolve an alert that is not sent again for this number of intervals. Source: Prometheus. */
const VALID_INTERVALS = 4;

/** Mutable; the caller never evaluates a group concurrently with itself. Source: Prometheus, rules/group.go. */
export class RuleGroup {
  readonly settings: RuleGroupSettings;
  readonly rules: readonly Rule[];
  /** Start of the last evaluation; undefined before the first one. */
  evaluatedAtMs: number | undefined;
  evaluationMs = 0;
  /** The metrics of all rule groups. They change when other groups do. */
  recordedNames: RecordedNames;
  /** The slot of the last evaluation; undefined before the first one. */
  #slotMs: number | undefined;
  /** The right to evaluate the group and to report its results. */
  lease: GroupLease = UNSHARED;
  /** True when another replica may have evaluated the group until its lease was gained. */
  isTakenOver = false;
  readonly #options: RuleGroupOptions;
  readonly #queries: readonly EngineQuery[];
  readonly #batches: readonly (readonly number[])[];
  readonly #written: WrittenSeries;
  readonly #results: GroupResults;
  readonly #batching = new QueryBatching();
  readonly #memory: RuleMemory;

  constructor(settings: RuleGroupSettings, prepared: readonly PreparedRule[], options: RuleGroupOptions) {
    this.settings = settings;
    this.rules = prepared.map(({ rule }) => rule);
    this.#queries = prepared.map(({ query }) => query);
    this.#batches = batchesOf(this.rules);
    this.#written = new WrittenSeries(prepared.length);
    this.#results = new GroupResults(this.rules, options.chainsInMemory);
    this.recordedNames = options.recordedNames;
    this.#options = options;
    this.#memory = new RuleMemory(options.memory);
  }

  /** Identifies the group: names are unique within a file only. */
  get key(): string {
    return groupKey(this.settings);
  }

  /**
   * Evaluates all rules. The failure of a rule is recorded and affects no other rule.
   *
   * @param timeMs the slot.
   * @param missed number of slots that were skipped before this one.
   */
  async evaluate(timeMs: number, missed: number): Promise<void> {
    const { clock, metrics, samples } = this.#options;
    const startedAtMs = clock.now();
    this.#followClock(timeMs);
    const time: EvaluationTime = { timeMs, queryOffsetMs: this.settings.queryOffsetMs };
    const writtenAtMs = timeMs - time.queryOffsetMs;
    this.#results.begin(writtenAtMs);
    let count = 0;
    for (const batch of this.#batches) {
      const counts = await Promise.all(batch.map((position) => this.#evaluateRule(position, time)));
      count += counts.reduce((sum, one) => sum + one, 0);
    }
    if (!this.lease.isHeld) return;
    const orphans = this.#written.takeOrphans(writtenAtMs);
    this.#results.append(orphans);
    samples.append(orphans);
    this.evaluatedAtMs = startedAtMs;
    this.evaluationMs = clock.now() - startedAtMs;
    metrics.groupEvaluated(this.key, {
      startedAtMs,
      durationMs: this.evaluationMs,
      ruleDurationMs: this.rules.reduce((sum, { evaluation }) => sum + evaluation.durationMs, 0),
      samples: count,
      missed,
      keptSeries: this.#results.seriesCount,
      isPartial: this.rules.some(({ evaluation }) => evaluation.missingGroups.length > 0),
    });
  }

  /**
   * Adopts the state of the group that this one replaces. Rules are matched by kind, name and labels, the first with
   * the first. Series of rules without a successor get stale markers at the next evaluation.
   *
   * Source: Prometheus, rules/group.go (`CopyState`).
   */
  adopt(previous: RuleGroup): void {
    this.evaluatedAtMs = previous.evaluatedAtMs;
    this.isTakenOver = previous.isTakenOver;
    this.evaluationMs = previous.evaluationMs;
    this.#slotMs = previous.#slotMs;
    const successors = new Map<string, number[]>();
    for (const [i, rule] of previous.rules.entries()) {
      const identity = identityOf(rule);
      const positions = successors.get(identity);
      if (positions === undefined) successors.set(identity, [i]);
      else positions.push(i);
    }
    const predecessors = new Map<number, number>();
    for (const [i, rule] of this.rules.entries()) {
      const from = successors.get(identityOf(rule))?.shift();
      if (from === undefined) continue;
      predecessors.set(i, from);
      this.#written.adopt(i, previous.#written, from);
      const predecessor = previous.rules[from]!;
      if (rule.kind === 'alerting' && predecessor.kind === 'alerting') rule.adopt(predecessor);
      if (rule.kind === 'recording' && predecessor.kind === 'recording') rule.adopt(predecessor);
    }
    this.#written.adoptOrphans(previous.#written, [...successors.values()].flat());
    this.#results.adopt(previous.#results, predecessors);
  }

  /** Time after which Alertmanagers resolve an alert that is not sent again. */
  get alertsValidMs(): number {
    return VALID_INTERVALS * Math.max(this.settings.intervalMs, this.#options.resendDelayMs);
  }

  /** True unless the state of alerts is still to be restored. */
  get isRestored(): boolean {
    return this.rules.every((rule) => rule.kind === 'recording' || rule.isRestored);
  }

  /** Reports whether the last evaluation of a rule wrote the series. */
  hasWritten(labels: Labels): boolean {
    return this.#written.has(labels);
  }

  /**
   * Writes stale markers for the series of a group that was removed.
   *
   * @param isWritten reports whether another group now writes a series, which then has not ended.
   */
  end(timeMs: number, isWritten: (labels: Labels) => boolean): void {
    const markers = this.#written.end(timeMs - this.settings.queryOffsetMs);
    this.#options.samples.append(markers.filter(({ labels }) => !isWritten(labels)));
  }

  /** Returns the memory of a group that is not evaluated again. */
  release(): void {
    this.#memory.release();
  }

  /** After a step of the clock backwards, moves the state so that one interval has passed since the last evaluation. */
  #followClock(timeMs: number): void {
    const lastMs = this.#slotMs;
    this.#slotMs = timeMs;
    if (lastMs === undefined || timeMs > lastMs) return;
    const byMs = timeMs - this.settings.intervalMs - lastMs;
    for (const rule of this.rules) rule.shiftTimes(byMs);
    this.#results.shiftTimes(byMs);
  }

  /** Returns the number of samples that the rule wrote. */
  async #evaluateRule(position: number, time: EvaluationTime): Promise<number> {
    const { clock, log, metrics } = this.#options;
    const rule = this.rules[position]!;
    const { evaluation } = rule;
    const startedAtMs = clock.now();
    let written: WrittenResult = NOTHING;
    try {
      written = await this.#evaluateNow(position, time);
      evaluation.health = 'ok';
      evaluation.lastError = undefined;
    } catch (thrown) {
      const { code, message } = asPromfedError(thrown);
      evaluation.health = 'err';
      evaluation.lastError = message;
      const fields = { file: this.settings.file, group: this.settings.name, rule: rule.name, err: message };
      if (code !== 'canceled') log.warn(fields, 'rule evaluation failed');
    }
    evaluation.startedAtMs = startedAtMs;
    evaluation.durationMs = clock.now() - startedAtMs;
    if (!this.lease.isHeld) return 0;
    metrics.ruleEvaluated(this.key, evaluation.durationMs, evaluation.health === 'err');
    if (evaluation.health === 'err') return 0;
    await this.#write(position, written, time.timeMs - time.queryOffsetMs);
    return written.samples.length;
  }

  async #evaluateNow(position: number, time: EvaluationTime): Promise<WrittenResult> {
    const { limit, name: groupName } = this.settings;
    const rule = this.rules[position]!;
    const chained = createChainedResults({
      groupName,
      results: this.#results,
      recorded: this.recordedNames,
      position,
    });
    const result = await this.#queries[position]!(this.#options.engine(), time.timeMs - time.queryOffsetMs, {
      batching: this.#batching,
      chained,
    });
    this.#checkLease();
    rule.evaluation.missingGroups = result.missing.map(({ name }) => name);
    const pacer = new Pacer(this.#options.signal);
    const hold = (series: Iterable<Labels>): Promise<void> => this.#memory.hold(position, series, pacer);
    if (rule.kind === 'recording') {
      await hold(labelsOf(result));
      const samples = await rule.evaluate(result, time, limit, pacer);
      this.#checkLease();
      return { samples, loss: rule.lossOf(result) };
    }
    const samples = await rule.evaluate(result, time, limit, chained, hold);
    this.#checkLease();
    this.#send(rule, time.timeMs);
    return { samples, loss: NO_LOSS };
  }

  /** Writes the samples of a rule, with stale markers for its series that have ended. */
  async #write(position: number, { samples, loss }: WrittenResult, timeMs: number): Promise<void> {
    const rule = this.rules[position]!;
    const isKept = (labels: Labels): boolean => rule.kind === 'recording' && rule.keepsSeries(labels);
    const pacer = new Pacer(UNSTOPPABLE);
    const stale = await this.#written.update(position, samples, timeMs, { isKept, pacer });
    if (!this.lease.isHeld) return;
    const all = stale.length === 0 ? samples : [...samples, ...stale];
    this.#options.samples.append(all);
    if (this.#results.update(position, all, loss)) return;
    const { file, name } = this.settings;
    const fields = { file, group: name, rule: rule.name, series: samples.length };
    this.#options.log.warn(
      fields,
      'too many recorded series to keep; rules of the group read them from the regions',
    );
  }

  #send(rule: AlertingRule, timeMs: number): void {
    const { alerts, graphUrl, resendDelayMs } = this.#options;
    const due = rule.takeDue(timeMs, resendDelayMs, this.alertsValidMs, graphUrl(rule.text));
    const { lease } = this;
    if (due.length > 0) alerts.send(lease === UNSHARED ? due : due.map((alert) => ({ ...alert, lease })));
  }

  /** @throws PromfedError `canceled` when another replica may evaluate the group: the result must have no effect. */
  #checkLease(): void {
    if (!this.lease.isHeld) throw new PromfedError('canceled', 'lease of the rule election has ended');
  }
}

function* labelsOf({ samples }: RuleResult): Generator<Labels, void, undefined> {
  for (const { labels } of samples) yield labels;
}

/** Returns `FILE;NAME`. Source: Prometheus, rules/group.go (`GroupKey`). */
export function groupKey({ file, name }: Pick<RuleGroupSettings, 'file' | 'name'>): string {
  return `${file};${name}`;
}

function identityOf({ kind, name, labels }: Rule): string {
  return `${kind}\0${name}\0${labels.key}`;
}
