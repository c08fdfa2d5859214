// The settings of relabelling as plain data.

/** Actions of a relabelling rule. Source: Prometheus, model/relabel/relabel.go. */
export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;

export type RelabelAction = (typeof RELABEL_ACTIONS)[number];

/** One relabelling rule, with defaults. */
export interface RelabelSettings {
  /** Default `replace`. */
  readonly action: RelabelAction;
  /** Labels whose values are joined by the separator. The result is the subject of the regex. */
  readonly sourceLabels: readonly string[];
  /** Default `;`. */
  readonly separator: string;
  /** RE2, anchored at both ends. Default `(.*)`. */
  readonly regex: string;
  /** Positive integer for `hashmod`, otherwise 0. */
  readonly modulus: number;
  /** The label that is set, or compared by `keepequal` and `dropequal`. Expanded by `replace` only. */
  readonly targetLabel: string;
  /** Expanded as Go does: `$1`, `${name}`. Default `$1`. */
  readonly replacement: string;
}

/** The default of every key. Source: Prometheus, model/relabel/relabel.go (`DefaultRelabelConfig`). */
export const DEFAULT_RELABEL: RelabelSettings = {
  action: 'replace',
  sourceLabels: [],
  separator: ';',
  regex: '(.*)',
  modulus: 0,
  targetLabel: '',
  replacement: '$1',
};
