// A recording rule: the samples that it writes for a result.

import { Labels, METRIC_NAME, PromfedError } from '../model/index.js';
import type { RecordingRuleSettings } from '../config/index.js';
import type { Expr } from '../promql/language/index.js';
import type { EvaluationTime } from './alert/alerting-rule.js';
import type { OutgoingSample } from './ports.js';
import type { RuleResult } from './query/rule-result.js';
import { createEvaluation } from './rule-health.js';

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

  constructor(
    settings: RecordingRuleSettings,
    { expr, text }: { readonly expr: Expr; readonly text: string },
  ) {
    this.settings = settings;
    this.expr = expr;
    this.text = text;
    this.labels = Labels.of(settings.labels);
    this.#added = this.labels.with(Labels.from({ [METRIC_NAME]: settings.name }));
  }

  get name(): string {
    return this.settings.name;
  }

  /**
   * Returns the samples to write: the result with the name and the labels of the rule.
   *
   * @param limit maximum number of series; 0 for no limit.
   * @throws PromfedError `execution` when two series have equal labels, or for more series than the limit.
   */
  evaluate(
    { samples }: RuleResult,
    { timeMs, queryOffsetMs }: EvaluationTime,
    limit: number,
  ): OutgoingSample[] {
    const keys = new Set<string>();
    const written = samples.map(({ labels, value }): OutgoingSample => {
      const recorded = this.#withRuleLabels(labels);
      keys.add(recorded.key);
      return { labels: recorded, timeMs: timeMs - queryOffsetMs, value, isStale: false };
    });
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

  /** An empty label of the rule removes the label of the series. */
  #withRuleLabels(labels: Labels): Labels {
    const removed = this.settings.labels.filter(([, value]) => value === '').map(([name]) => name);
    return (removed.length === 0 ? labels : labels.drop(new Set(removed))).with(this.#added);
  }
}
