// Rules that a region evaluates itself, as its API describes them.

type Texts = Readonly<Record<string, string>>;

/** Filters that a region applies to its rules. Sets are undefined to accept everything. Older servers ignore filters. */
export interface RulesQuery {
  readonly kind: 'alerting' | 'recording' | undefined;
  readonly ruleNames: ReadonlySet<string> | undefined;
  readonly groupNames: ReadonlySet<string> | undefined;
  readonly files: ReadonlySet<string> | undefined;
  readonly excludesAlerts: boolean;
}

/** A rule group of a region. Durations are seconds. Texts are those of the region, and so are the formats of times. */
export interface RegionRuleGroup {
  readonly name: string;
  readonly file: string;
  readonly intervalS: number;
  readonly limit: number;
  readonly evaluationS: number;
  readonly lastEvaluation: string;
  readonly rules: readonly RegionRule[];
}

export type RegionRule = RegionAlertingRule | RegionRecordingRule;

export interface RegionRuleBase {
  readonly name: string;
  readonly query: string;
  readonly labels: Texts;
  readonly health: string;
  readonly lastError: string | undefined;
  readonly evaluationS: number;
  readonly lastEvaluation: string;
}

export interface RegionRecordingRule extends RegionRuleBase {
  readonly kind: 'recording';
}

export interface RegionAlertingRule extends RegionRuleBase {
  readonly kind: 'alerting';
  readonly state: 'firing' | 'pending' | 'inactive' | 'unknown';
  readonly forS: number;
  readonly keepFiringForS: number;
  readonly annotations: Texts;
  /** Pending and firing alerts. */
  readonly alerts: readonly RegionAlert[];
}

export interface RegionAlert {
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly state: 'firing' | 'pending';
  readonly activeAt: string;
  readonly keepFiringSince: string | undefined;
  readonly value: string;
}
