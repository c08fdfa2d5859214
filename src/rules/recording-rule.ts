// A recording rule: the samples that it writes for a result.

import { Labels, METRIC_NAME, PromfedError } from '../model/index.js';
import type { PartialResponseStrategy, RecordingRuleSettings } from '../config/index.js';
import type { Expr } from '../promql/language/index.js';
import type { Loss } from './chain/group-results.js';
import type { EvaluationTime } from './alert/alerting-rule.js';
import { PartialResultHold, type Judgement } from './alert/partial-result-hold.js';
import type { Pacer } from '../runtime/index.js';
import type { OutgoingSample } from './ports.js';
import type { RuleResult } from './query/rule-result.js';
import { createEvaluation } from './rule-health.js';

export interface RecordingRuleOptions {
  readonly expr: Expr;
  /** The expression as Prometheus prints it. */
  readonly text: string;
  readonly partialResponse: PartialResponseStrategy;
  /** Longest time for which a partial result keeps series. */
  readonly holdMs: number;
}

/** Source: Prometheus, rules/recording.go. */
export class RecordingRule {
  readonly kind = 'recording';
  readonly hasTemplateQueries = false;
  readonly settings: RecordingRuleSettings;
  readonly expr: Expr;
  /** The expression as Prometheus prints it. */
  readonly text: string;
  readonly labels: Labels;
  readonly evaluation = createEvaluation();
  readonly #added: Labels;
  readonly #ownNames: ReadonlySet<string>;
  readonly #hold: PartialResultHold;
  #judgement: Judgement | undefined;

  constructor(settings: RecordingRuleSettings, options: RecordingRuleOptions) {
    this.settings = settings;
    this.expr = options.expr;
    this.text = options.text;
    this.#hold = new PartialResultHold(options.partialResponse, options.holdMs, options.expr, false);
    this.labels = Labels.of(settings.labels);
    this.#added = this.labels.with(Labels.from({ [METRIC_NAME]: settings.name }));
    this.#ownNames = new Set(settings.labels.map(([name]) => name));
  }

  get name(): string {
    return this.settings.name;
  }

  /** Adopts the state of the rule that this one replaces. */
  adopt(previous: RecordingRule): void {
    this.#hold.adopt(previous.#hold);
  }

  /** Moves all times of the state, for a clock that stepped back. */
  shiftTimes(byMs: number): void {
    this.#hold.shiftTimes(byMs);
  }

  /** Reports whether a series that the last result does not have may come from a missing server group. */
  keepsSeries(recorded: Labels): boolean {
    // Labels of the rule may have replaced those of the group.
    return this.#judgement?.mayMiss(recorded.drop(this.#ownNames)) ?? false;
  }

  /**
   * Returns the samples to write: the result with the name and the labels of the rule, and none when values may depend on a
   * server group that is missing.
   *
   * @param limit maximum number of series; 0 for no limit.
   * @throws PromfedError `execution` when two series have equal labels, for more series than the limit, or when the result
   *   is partial and the rule accepts complete results only.
   */
  async evaluate(
    result: RuleResult,
    { timeMs, queryOffsetMs }: EvaluationTime,
    limit: number,
    pacer: Pacer,
  ): Promise<OutgoingSample[]> {
    this.#judgement = this.#hold.judge(result, timeMs);
    if (this.#judgement.isUncertain) return [];
    const keys = new Set<string>();
    const written: OutgoingSample[] = [];
    for (const { labels, value } of result.samples) {
      if (pacer.due) await pacer.pause();
      const recorded = this.recordedLabels(labels);
      keys.add(recorded.key);
      written.push({ labels: recorded, timeMs: timeMs - queryOffsetMs, value, isStale: false });
    }
    if (keys.size < written.length) {
      // Prometheus' text
      const text = 'vector contains metrics with the same labelset after applying rule labels';
      throw new PromfedError('execution', text);
    }
    if (limit > 0 && written.length > limit) {
      // Prometheus' text
      throw new PromfedError('execution', `exceeded limit of ${limit} with ${written.length} series`);
    }
    return written;
  }

  /** Returns the groups that are missing in the recorded series. Labels of the rule may replace those of the groups. */
  lossOf({ missing, unanswered, isDisjoint }: RuleResult): Loss {
    const replaces = missing.some(({ labels }) => labels.names().some((name) => this.#ownNames.has(name)));
    return { missing, unanswered, isDisjoint: isDisjoint && !replaces };
  }

  /** Returns the labels of the series that a series of the result is written to. */
  recordedLabels(labels: Labels): Labels {
    // An empty label of the rule removes the label of the series.
    const removed = this.settings.labels.filter(([, value]) => value === '').map(([name]) => name);
    return (removed.length === 0 ? labels : labels.drop(new Set(removed))).with(this.#added);
  }
}
