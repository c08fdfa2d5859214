// Reads and checks the responses of an upstream's /api/v1/rules: Prometheus, vmalert, and servers that imitate them.

import { invalidAnswer } from '../../json/index.js';
import type { Pacer } from '../../runtime/index.js';
import type {
  RegionAlert,
  RegionAlertingRule,
  RegionRule,
  RegionRuleBase,
  RegionRuleGroup,
} from '../region-rules.js';
import { arrayOf, recordOf, textOf, type MetadataKind } from './metadata-answer.js';
import { documentReader } from './metadata-kinds.js';

/** Limit of one response. A response of a thousand alerts is about 1 MB. */
const MAX_RULES_BYTES = 16 * 1024 * 1024;

/** The zero time of Go stands for a time that is not known. */
const NO_TIME = '0001-01-01T00:00:00Z';

/**
 * Rule groups by file and name: replicas evaluate the same ones, and the first replica wins. Groups of one response with
 * equal file and name become one group. Unknown members are dropped.
 */
export const RULES: MetadataKind<readonly RegionRuleGroup[]> = {
  maxBytes: MAX_RULES_BYTES,
  createReader: (hold) => documentReader(hold, MAX_RULES_BYTES, parseRules),
  async unite(answers, { pacer }) {
    const united = new Map<string, RegionRuleGroup>();
    for (const answer of answers) {
      for (const group of answer) {
        if (pacer.due) await pacer.pause();
        if (!united.has(keyOf(group))) united.set(keyOf(group), group);
      }
    }
    return [...united.values()];
  },
};

type MutableGroup = RegionRuleGroup & { readonly rules: RegionRule[] };

async function parseRules(data: unknown, pacer: Pacer): Promise<readonly RegionRuleGroup[]> {
  const byKey = new Map<string, MutableGroup>();
  for (const entry of arrayOf(recordOf(data, 'data')['groups'], 'groups')) {
    if (pacer.due) await pacer.pause();
    const group = await parseGroup(entry, pacer);
    const key = keyOf(group);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, group);
    else for (const rule of group.rules) known.rules.push(rule);
  }
  return [...byKey.values()];
}

function keyOf({ file, name }: RegionRuleGroup): string {
  return JSON.stringify([file, name]);
}

/** Source: Prometheus, web/api/v1/api.go (`RuleGroup`); VictoriaMetrics, app/vmalert/rule (`ApiGroup`). */
async function parseGroup(entry: unknown, pacer: Pacer): Promise<MutableGroup> {
  const group = recordOf(entry, 'a rule group');
  const rules: RegionRule[] = [];
  for (const rule of arrayOf(group['rules'] ?? null, 'the rules of a group')) {
    if (pacer.due) await pacer.pause();
    const parsed = await parseRule(rule, pacer);
    if (parsed !== undefined) rules.push(parsed);
  }
  return {
    name: textOf(group['name'], 'the name of a rule group'),
    file: optionalText(group['file'], 'the file of a rule group'),
    intervalS: number(group['interval'], 'the interval of a rule group'),
    limit: number(group['limit'], 'the limit of a rule group'),
    evaluationS: number(group['evaluationTime'], 'the evaluationTime of a rule group'),
    lastEvaluation: optionalText(group['lastEvaluation'], 'the lastEvaluation of a rule group', NO_TIME),
    rules,
  };
}

/**
 * Returns undefined for a type that Prometheus does not have.
 *
 * Source: Prometheus, web/api/v1/api.go (`AlertingRule`, `RecordingRule`); VictoriaMetrics, app/vmalert/rule (`ApiRule`).
 */
async function parseRule(entry: unknown, pacer: Pacer): Promise<RegionRule | undefined> {
  const rule = recordOf(entry, 'a rule');
  const lastError = optionalText(rule['lastError'], 'the lastError of a rule');
  const base = {
    name: textOf(rule['name'], 'the name of a rule'),
    query: textOf(rule['query'], 'the query of a rule'),
    labels: texts(rule['labels'], 'the labels of a rule'),
    health: optionalText(rule['health'], 'the health of a rule', 'unknown'),
    lastError: lastError === '' ? undefined : lastError,
    evaluationS: number(rule['evaluationTime'], 'the evaluationTime of a rule'),
    lastEvaluation: optionalText(rule['lastEvaluation'], 'the lastEvaluation of a rule', NO_TIME),
  };
  if (rule['type'] === 'recording') return { kind: 'recording', ...base };
  return rule['type'] === 'alerting' ? parseAlertingRule(rule, base, pacer) : undefined;
}

async function parseAlertingRule(
  rule: Record<string, unknown>,
  base: RegionRuleBase,
  pacer: Pacer,
): Promise<RegionAlertingRule> {
  const { state } = rule;
  const alerts: RegionAlert[] = [];
  for (const alert of arrayOf(rule['alerts'] ?? null, 'the alerts of a rule')) {
    if (pacer.due) await pacer.pause();
    const parsed = tryParseAlert(alert);
    if (parsed !== undefined) alerts.push(parsed);
  }
  return {
    kind: 'alerting',
    ...base,
    state: state === 'firing' || state === 'pending' || state === 'inactive' ? state : 'unknown',
    forS: number(rule['duration'], 'the duration of a rule'),
    // vmalert uses the name of the rule file.
    keepFiringForS: number(rule['keepFiringFor'] ?? rule['keep_firing_for'], 'the keepFiringFor of a rule'),
    annotations: texts(rule['annotations'], 'the annotations of a rule'),
    alerts,
  };
}

/** Returns undefined for an alert that is neither pending nor firing. */
function tryParseAlert(entry: unknown): RegionAlert | undefined {
  const alert = recordOf(entry, 'an alert');
  const { state, keepFiringSince } = alert;
  if (state !== 'firing' && state !== 'pending') return undefined;
  return {
    labels: texts(alert['labels'], 'the labels of an alert'),
    annotations: texts(alert['annotations'], 'the annotations of an alert'),
    state,
    activeAt: optionalText(alert['activeAt'], 'the activeAt of an alert', NO_TIME),
    keepFiringSince:
      keepFiringSince === undefined ? undefined : textOf(keepFiringSince, 'the keepFiringSince of an alert'),
    value: optionalText(alert['value'], 'the value of an alert'),
  };
}

function optionalText(value: unknown, name: string, missing = ''): string {
  return value === undefined || value === null ? missing : textOf(value, name);
}

function texts(value: unknown, name: string): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  const entries = Object.entries(recordOf(value, name));
  return Object.fromEntries(entries.map(([key, text]) => [key, textOf(text, `an entry of ${name}`)]));
}

/** A missing number is 0. */
function number(value: unknown, name: string): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidAnswer(`${name} is not a number`);
  return value;
}
