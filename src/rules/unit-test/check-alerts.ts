// Checks the firing alerts that a unit test expects.

import type { AlertTestSettings } from '../../config/index.js';
import { printDuration } from '../../model/index.js';
import { ALERT_NAME } from '../alert/alert-samples.js';
import type { RuleGroup } from '../group/rule-group.js';
import { diffJson } from './diff-json.js';
import { comparePairs, indentLines, printPairs, sortPairs, type Pairs } from './print-result.js';

interface Alert {
  readonly labels: Pairs;
  readonly annotations: Pairs;
}

const INDENT = '            ';

/** Returns the difference as promtool prints it; undefined when the firing alerts are the expected ones. */
export function checkAlerts(
  { alertName, evalTimeMs, expected }: AlertTestSettings,
  groups: readonly RuleGroup[],
  { testName, showsDiff }: { readonly testName: string; readonly showsDiff: boolean },
): string | undefined {
  const wanted = expected.map(({ labels, annotations }): Alert => ({
    labels: sortPairs(new Map([...labels, [ALERT_NAME, alertName]])),
    annotations: sortPairs(annotations),
  }));
  const got = groups.flatMap(({ rules }) =>
    rules.flatMap((rule) => {
      if (rule.kind !== 'alerting' || rule.name !== alertName) return [];
      return [...rule.alerts]
        .filter(({ state }) => state === 'firing')
        .map(({ labels, annotations }): Alert => ({
          labels: sortPairs(labels),
          annotations: sortPairs(annotations),
        }));
    }),
  );
  const [exp, actual] = [wanted, got].map((alerts) => printAlerts(alerts.sort(compareAlerts)));
  if (exp === actual) return undefined;
  const name = testName === '' ? '' : `    name: ${testName},\n`;
  const head = `${name}    alertname: ${alertName}, time: ${printDuration(evalTimeMs)}, \n`;
  if (showsDiff) {
    const diff = diffJson(toJson(wanted), toJson(got));
    return `${head}        diff: ${indentLines(diff, INDENT)}`;
  }
  return head + `        exp:${indentLines(exp!, INDENT)}, \n        got:${indentLines(actual!, INDENT)}`;
}

/** No alerts are one without labels and annotations. */
function toJson(
  alerts: readonly Alert[],
): readonly Readonly<Record<string, Readonly<Record<string, string>>>>[] {
  if (alerts.length === 0) return [{ Annotations: {}, Labels: {} }];
  return alerts.map(({ labels, annotations }) => ({
    Annotations: Object.fromEntries(annotations),
    Labels: Object.fromEntries(labels),
  }));
}

function compareAlerts(a: Alert, b: Alert): number {
  return comparePairs(a.labels, b.labels) || comparePairs(a.annotations, b.annotations);
}

function printAlerts(alerts: readonly Alert[]): string {
  if (alerts.length === 0) return '[]';
  const items = alerts.map(({ labels, annotations }, i) => {
    const text = `\nLabels:${printPairs(labels)}\nAnnotations:${printPairs(annotations)}`;
    return `\n${i}:${indentLines(text, '  ')}`;
  });
  return `[${items.join(',')}\n]`;
}
