// The templates of an alerting rule, as the rule expands them.

import type { Labels } from '../../model/index.js';
import type { ChainedResults } from '../chain/chained-results.js';
import type { RuleSample } from '../query/rule-result.js';

/** The inputs of an expansion. */
export interface AlertTemplateData {
  readonly sample: RuleSample;
  /** Labels of the sample, with the metric name. */
  readonly labels: Labels;
  readonly timeMs: number;
  /** True when a server group is missing from the result. */
  readonly isPartial: boolean;
  /** Results of the group that queries of the template read. Default none. */
  readonly chained?: ChainedResults | undefined;
}

/** A label or an annotation whose value is a template. */
export interface AlertTemplate {
  readonly name: string;
  /** Expands the value. An error becomes the value: `<error expanding template: …>`. Never rejects. */
  expand(data: AlertTemplateData): Promise<string> | string;
}
