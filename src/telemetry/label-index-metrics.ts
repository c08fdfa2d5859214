// Metrics of learned label values.

import { Gauge, type Registry } from 'prom-client';

/** Learned values of one label of one server group. */
export interface LearnedLabel {
  readonly group: string;
  readonly label: string;
  readonly isUsed: boolean;
  /** Number of values; undefined when they are not known. */
  readonly values: number | undefined;
  readonly ageMs: number | undefined;
}

/** @param read called for each rendering. */
export function addLabelIndexMetrics(registers: Registry[], read: () => readonly LearnedLabel[]): void {
  /** Adds a gauge with a value for each label that has one. */
  const gauge = (name: string, help: string, valueOf: (label: LearnedLabel) => number | undefined): void => {
    new Gauge({
      name,
      help,
      labelNames: ['server_group', 'label'],
      registers,
      collect() {
        this.reset();
        for (const learned of read()) {
          const value = valueOf(learned);
          if (value !== undefined) this.set({ server_group: learned.group, label: learned.label }, value);
        }
      },
    });
  };
  gauge(
    'promfed_label_index_age_seconds',
    'Age of the values of a label of label_filter.dynamic_labels.',
    ({ ageMs }) => ageMs && ageMs / 1000,
  );
  gauge('promfed_label_index_values', 'Number of values of the label.', ({ values }) => values);
  gauge(
    'promfed_label_index_used',
    'Whether queries are routed by the label: 0 until it is learned, and when it has too many values or they are too old.',
    ({ isUsed }) => Number(isUsed),
  );
}
