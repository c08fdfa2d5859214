// Unit tests of rules: checked, with defaults. Plain data.

import type { RuleGroupSettings } from './rule-settings.js';

/** A unit test file, in the format of promtool. */
export interface UnitTestFileSettings {
  /** Interval of the evaluations. */
  readonly evaluationIntervalMs: number;
  /** True to accept floats that differ in their last bit. */
  readonly fuzzyCompare: boolean;
  readonly tests: readonly UnitTestSettings[];
}

export interface UnitTestSettings {
  /** Empty when the file has none. */
  readonly name: string;
  /** Interval of the samples. */
  readonly intervalMs: number;
  /** Time of the first sample and of the first evaluation. */
  readonly startMs: number;
  /** In the order of their evaluation. */
  readonly ruleGroups: readonly RuleGroupSettings[];
  /** Series without a region. */
  readonly inputSeries: readonly InputSeriesSettings[];
  readonly regions: readonly UnitTestRegionSettings[];
  /** `eval_time` is relative to `startMs`. */
  readonly alertTests: readonly AlertTestSettings[];
  readonly exprTests: readonly ExprTestSettings[];
  readonly externalLabels: readonly (readonly [name: string, value: string])[];
  readonly externalUrl: string;
}

/** A series and its samples, in the notation of promtool. */
export interface InputSeriesSettings {
  readonly series: string;
  readonly values: string;
}

/** A region and the labels that its server group sets. */
export interface UnitTestRegionSettings {
  readonly name: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly inputSeries: readonly InputSeriesSettings[];
}

export interface AlertTestSettings {
  readonly evalTimeMs: number;
  /** Empty when the file has none. */
  readonly alertName: string;
  readonly expected: readonly {
    readonly labels: readonly (readonly [name: string, value: string])[];
    readonly annotations: readonly (readonly [name: string, value: string])[];
  }[];
}

export interface ExprTestSettings {
  readonly expr: string;
  readonly evalTimeMs: number;
  readonly expected: readonly ExpectedSampleSettings[];
}

export interface ExpectedSampleSettings {
  readonly labels: string;
  readonly value: number;
  /** In the notation of promtool. Empty for a float. */
  readonly histogram: string;
}
