// The settings of relabelling rules.

import { DEFAULT_RELABEL, RELABEL_ACTIONS, type RelabelSettings } from '../model/index.js';
import type { RelabelFile } from './file/schema/relabel.js';
import type { Section } from './section-reader.js';
import { quote } from './text/quote.js';

/**
 * Creates the settings of rules with a valid shape. Other problems are reported for `key`, the list of the rules.
 *
 * Source: Prometheus, model/relabel/relabel.go (`Config.Validate`).
 */
export function createRelabelSettings(
  rules: readonly RelabelFile[] | undefined,
  key: string,
  section: Section,
): RelabelSettings[] {
  return (rules ?? []).map((rule, i) => {
    const settings = settingsOf(rule);
    const problem = problemOf(settings);
    if (problem !== undefined) section.problem([key, i], problem);
    return settings;
  });
}

function settingsOf(rule: RelabelFile): RelabelSettings {
  const action = rule.action?.toLowerCase();
  return {
    action: RELABEL_ACTIONS.find((name) => name === action) ?? DEFAULT_RELABEL.action,
    sourceLabels: rule.source_labels ?? DEFAULT_RELABEL.sourceLabels,
    separator: rule.separator ?? DEFAULT_RELABEL.separator,
    regex: rule.regex ?? DEFAULT_RELABEL.regex,
    modulus: rule.modulus ?? DEFAULT_RELABEL.modulus,
    targetLabel: rule.target_label ?? DEFAULT_RELABEL.targetLabel,
    replacement: rule.replacement ?? DEFAULT_RELABEL.replacement,
  };
}

function problemOf(rule: RelabelSettings): string | undefined {
  const { action } = rule;
  const differs = (...keys: (keyof RelabelSettings)[]): boolean =>
    keys.some((key) => rule[key] !== DEFAULT_RELABEL[key]);
  switch (action) {
    case 'hashmod':
      if (rule.modulus === 0) return 'relabel configuration for hashmod requires non-zero modulus';
      return missingTarget(rule);
    case 'replace':
      return missingTarget(rule);
    case 'lowercase':
    case 'uppercase':
      if (differs('replacement')) return `'replacement' can not be set for ${action} action`;
      return missingTarget(rule);
    case 'keepequal':
    case 'dropequal':
      if (differs('regex', 'modulus', 'separator', 'replacement')) {
        return `${action} action requires only 'source_labels' and \`target_label\`, and no other fields`;
      }
      return missingTarget(rule);
    case 'labeldrop':
    case 'labelkeep':
      return rule.sourceLabels.length > 0 || differs('targetLabel', 'modulus', 'separator', 'replacement')
        ? `${action} action requires only 'regex', and no other fields`
        : undefined;
    case 'labelmap':
      return rule.replacement === ''
        ? `${quote(rule.replacement)} is invalid 'replacement' for ${action} action`
        : undefined;
    case 'keep':
    case 'drop':
      return undefined;
  }
}

function missingTarget({ action, targetLabel }: RelabelSettings): string | undefined {
  return targetLabel === ''
    ? `relabel configuration for ${action} action requires 'target_label' value`
    : undefined;
}
