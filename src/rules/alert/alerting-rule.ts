// An alerting rule: its active alerts, and the changes that a result makes to them.

import { appendAll, Labels, METRIC_NAME, PromfedError, type StopSignal } from '../../model/index.js';
import type { AlertingRuleSettings, PartialResponseStrategy } from '../../config/index.js';
import type { ChainedResults } from '../chain/chained-results.js';
import type { Expr } from '../../promql/language/index.js';
import { Pacer } from '../../runtime/index.js';
import type { OutgoingAlert, OutgoingSample } from '../ports.js';
import { createEvaluation } from '../rule-health.js';
import type { RuleResult, RuleSample } from '../query/rule-result.js';
import { advance, lapse, needsSending, shiftTimes, type ActiveAlert } from './active-alert.js';
import { ALERT_NAME, alertSamples } from './alert-samples.js';
import type { AlertTemplate, AlertTemplateData } from './alert-template.js';
import { PartialResultHold } from './partial-result-hold.js';

/** A template that may show the value, or the values of a query. */
const VALUE_IN_TEMPLATE = /\{\{.*(?:\$value|\.Value|\bquery\b)/s;
const NAME_ONLY: ReadonlySet<string> = new Set([METRIC_NAME]);

export interface AlertingRuleOptions {
  readonly expr: Expr;
  /** The expression as Prometheus prints it. */
  readonly text: string;
  readonly labels: readonly AlertTemplate[];
  readonly annotations: readonly AlertTemplate[];
  readonly partialResponse: PartialResponseStrategy;
  /** Longest time for which a partial result keeps the state of alerts. */
  readonly holdMs: number;
  /** False when the state before a restart will be restored: until then the rule writes no samples. */
  readonly isRestored: boolean;
  /** Aborts an evaluation. */
  readonly signal: StopSignal;
}

export interface EvaluationTime {
  /** The slot. */
  readonly timeMs: number;
  /** Samples are written at `timeMs - queryOffsetMs`. */
  readonly queryOffsetMs: number;
}

/** Source: Prometheus, rules/alerting.go. */
export class AlertingRule {
  readonly kind = 'alerting';
  readonly settings: AlertingRuleSettings;
  readonly expr: Expr;
  readonly text: string;
  readonly evaluation = createEvaluation();
  /** True when samples are written. */
  isRestored: boolean;
  readonly #labelTemplates: readonly AlertTemplate[];
  readonly #annotationTemplates: readonly AlertTemplate[];
  /** The labels of the rule as configured, with their templates. */
  readonly #ruleLabels: Labels;
  readonly #hold: PartialResultHold;
  readonly #signal: StopSignal;
  /** By the keys of their labels. */
  #active = new Map<string, ActiveAlert>();
  /** Returns the time since which a new alert is active by the state that another replica has stored. */
  #storedActiveAt: ((labels: Labels) => number | undefined) | undefined;

  constructor(settings: AlertingRuleSettings, options: AlertingRuleOptions) {
    this.settings = settings;
    this.expr = options.expr;
    this.text = options.text;
    this.isRestored = options.isRestored;
    this.#labelTemplates = options.labels;
    this.#annotationTemplates = options.annotations;
    this.#ruleLabels = Labels.of(settings.labels);
    this.#signal = options.signal;
    const { partialResponse, holdMs, expr } = options;
    const labelsDependOnValue = settings.labels.some(([, text]) => VALUE_IN_TEMPLATE.test(text));
    this.#hold = new PartialResultHold(partialResponse, holdMs, expr, labelsDependOnValue);
  }

  get name(): string {
    return this.settings.name;
  }

  /** The labels of the rule as configured, with their templates. */
  get labels(): Labels {
    return this.#ruleLabels;
  }

  /** True when a template may send a query. */
  get hasTemplateQueries(): boolean {
    return [...this.settings.labels, ...this.settings.annotations].some(([, text]) =>
      /\{\{.*\bquery\b/s.test(text),
    );
  }

  /** All alerts, with resolved ones that are still kept. */
  get alerts(): Iterable<ActiveAlert> {
    return this.#active.values();
  }

  /** Adopts the alerts of the rule that this one replaces. */
  adopt(previous: AlertingRule): void {
    this.#active = new Map(previous.#active);
    this.isRestored = previous.isRestored;
    this.#storedActiveAt = previous.#storedActiveAt;
    this.#hold.adopt(previous.#hold);
    Object.assign(this.evaluation, previous.evaluation);
  }

  /** Moves all times of the state, for a clock that stepped back. */
  shiftTimes(byMs: number): void {
    for (const alert of this.#active.values()) shiftTimes(alert, byMs);
    this.#hold.shiftTimes(byMs);
  }

  /**
   * Continues the alerts that another replica has evaluated until now, with the first complete result.
   *
   * @param storedActiveAt returns the time since which an alert is active, by its labels.
   */
  resume(storedActiveAt: (labels: Labels) => number | undefined): void {
    this.#storedActiveAt = storedActiveAt;
    this.isRestored = true;
  }

  /**
   * Updates the alerts by a result.
   *
   * @param limit maximum number of pending and firing alerts; 0 for no limit.
   * @param chained results of the group that queries of templates read. Default none.
   * @param hold reserves the memory of all alerts that the rule is about to hold. Default: it is not counted.
   * @returns the samples of all pending and firing alerts.
   * @throws PromfedError `execution` when two alerts have equal labels (the state is kept), when the limit is exceeded
   *   (all alerts are dropped), or when the result is partial and the rule accepts complete results only.
   */
  async evaluate(
    result: RuleResult,
    { timeMs, queryOffsetMs }: EvaluationTime,
    limit: number,
    chained?: ChainedResults,
    hold: (series: Iterable<Labels>) => Promise<void> = () => Promise.resolve(),
  ): Promise<OutgoingSample[]> {
    await hold(this.#seriesWith(result));
    const partial = this.#hold.judge(result, timeMs);
    const returned = await this.#alertsOf(result, timeMs, chained);
    for (const [key, alert] of returned) {
      const known = this.#active.get(key);
      if (known === undefined || known.state === 'inactive') {
        if (partial.defers(alert.sourceLabels)) continue;
        alert.activeAtMs = this.#storedActiveAt?.(alert.labels) ?? alert.activeAtMs;
        this.#active.set(key, alert);
      } else {
        known.value = alert.value;
        known.annotations = alert.annotations;
        known.sourceLabels = alert.sourceLabels;
      }
    }
    if (result.missing.length === 0) this.#storedActiveAt = undefined;
    const samples: OutgoingSample[] = [];
    const pacer = new Pacer(this.#signal);
    let count = 0;
    for (const [key, alert] of this.#active) {
      if (pacer.due) await pacer.pause();
      if (returned.has(key)) advance(alert, timeMs, this.settings);
      else if (partial.keeps(alert)) {
        // The state stays as it is: a missing group may have the series of this alert.
      } else if (!lapse(alert, timeMs, this.settings)) this.#active.delete(key);
      if (alert.state === 'inactive' || !this.#active.has(key)) continue;
      count++;
      if (!this.isRestored) continue;
      appendAll(samples, alertSamples(alert, this.name, this.#ruleLabels, timeMs - queryOffsetMs));
    }
    if (limit > 0 && count > limit) {
      this.#active = new Map();
      throw new PromfedError('execution', `exceeded limit of ${limit} with ${count} alerts`); // Prometheus' text
    }
    return samples;
  }

  /**
   * Returns the alerts that are due for sending, and marks them as sent.
   *
   * @param validMs time after which an Alertmanager resolves an alert that is not sent again.
   */
  takeDue(timeMs: number, resendDelayMs: number, validMs: number, generatorUrl: string): OutgoingAlert[] {
    const due: OutgoingAlert[] = [];
    for (const alert of this.#active.values()) {
      if (!needsSending(alert, timeMs, resendDelayMs)) continue;
      alert.lastSentAtMs = timeMs;
      due.push({
        labels: alert.labels,
        annotations: alert.annotations,
        startsAtMs: alert.firedAtMs ?? alert.activeAtMs,
        endsAtMs: alert.resolvedAtMs ?? timeMs + validMs,
        generatorUrl,
      });
    }
    return due;
  }

  /** Yields the labels of all series of a result, and of the alerts that it does not have. */
  *#seriesWith({ samples }: RuleResult): Generator<Labels, void, undefined> {
    const active = new Map([...this.#active.values()].map((alert) => [alert.sourceLabels.key, alert]));
    for (const { labels } of samples) {
      active.delete(labels.key);
      yield labels;
    }
    for (const { labels } of active.values()) yield labels;
  }

  async #alertsOf(
    result: RuleResult,
    timeMs: number,
    chained: ChainedResults | undefined,
  ): Promise<ReadonlyMap<string, ActiveAlert>> {
    const common = { timeMs, isPartial: result.missing.length > 0, chained };
    const alerts = new Map<string, ActiveAlert>();
    const pacer = new Pacer(this.#signal);
    for (const sample of result.samples) {
      if (pacer.due) await pacer.pause();
      const alert = await this.#createAlert(sample, common);
      const { key } = alert.labels;
      if (alerts.has(key)) throw duplicateLabels();
      alerts.set(key, alert);
    }
    return alerts;
  }

  async #createAlert(
    sample: RuleSample,
    common: Omit<AlertTemplateData, 'sample' | 'labels'>,
  ): Promise<ActiveAlert> {
    const data = { ...common, sample, labels: sample.labels };
    const pairs: (readonly [string, string])[] = [...sample.labels.drop(NAME_ONLY)];
    for (const label of this.#labelTemplates) pairs.push([label.name, await label.expand(data)]);
    pairs.push([ALERT_NAME, this.name]);
    const annotations: (readonly [string, string])[] = [];
    for (const annotation of this.#annotationTemplates) {
      annotations.push([annotation.name, await annotation.expand(data)]);
    }
    return {
      labels: Labels.of(pairs),
      sourceLabels: sample.labels,
      annotations,
      state: 'pending',
      value: sample.value,
      activeAtMs: common.timeMs,
      firedAtMs: undefined,
      resolvedAtMs: undefined,
      lastSentAtMs: undefined,
      keepFiringSinceMs: undefined,
    };
  }
}

function duplicateLabels(): PromfedError {
  // Prometheus' text
  const text = 'vector contains metrics with the same labelset after applying alert labels';
  return new PromfedError('execution', text);
}
