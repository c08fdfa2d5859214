// The filters and the pagination of /api/v1/rules.

import { createHash } from 'node:crypto';

import { compileMatchers, Labels } from '../../model/index.js';
import type { RuleGroupView, RuleView } from '../../rules/index.js';
import { parseMatch } from '../parameters/match.js';
import { invalid, type Parameters } from '../parameters/parameters.js';

/** Sets are undefined when the parameter is missing: everything is accepted then. */
export interface RuleFilter {
  readonly kind: 'alerting' | 'recording' | undefined;
  readonly ruleNames: ReadonlySet<string> | undefined;
  readonly groupNames: ReadonlySet<string> | undefined;
  readonly files: ReadonlySet<string> | undefined;
  /** True when the labels of a rule match one of the selectors. */
  readonly matches: (labels: Labels) => boolean;
  readonly excludesAlerts: boolean;
  /** Maximum number of groups; undefined for all. */
  readonly maxGroups: number | undefined;
  /** The token of the first group; undefined to start with the first one. */
  readonly nextToken: string | undefined;
}

const KINDS: Readonly<Record<string, RuleFilter['kind']>> = {
  '': undefined,
  alert: 'alerting',
  record: 'recording',
};

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'true']);
const FALSE: ReadonlySet<string> = new Set(['', '0', 'f', 'false']);

/**
 * Source: Prometheus, web/api/v1/api.go (`rules`). Lists are accepted without brackets as well, as Grafana sends them.
 *
 * @throws PromfedError `bad_data` with Prometheus' text.
 */
export function parseRuleFilter(parameters: Parameters): RuleFilter {
  const type = parameters.get('type').toLowerCase();
  if (!Object.hasOwn(KINDS, type)) throw invalid('type', `not supported value ${JSON.stringify(type)}`);
  const selectors = parameters.all('match[]').map((text) => compileMatchers(parseMatch(text)));
  return {
    kind: KINDS[type],
    ruleNames: setOf(parameters, 'rule_name'),
    groupNames: setOf(parameters, 'rule_group'),
    files: setOf(parameters, 'file'),
    matches: (labels) => selectors.length === 0 || selectors.some((matches) => matches(labels)),
    excludesAlerts: parseExcludeAlerts(parameters.get('exclude_alerts').toLowerCase()),
    ...parsePagination(parameters),
  };
}

/**
 * Returns the groups that have rules left, and the token of the next page.
 *
 * @throws PromfedError `bad_data` when the token is of no group.
 */
export function filterRules(
  all: readonly RuleGroupView[],
  filter: RuleFilter,
): { readonly groups: readonly RuleGroupView[]; readonly nextToken: string | undefined } {
  const { groupNames, files, maxGroups, nextToken } = filter;
  const start = nextToken === undefined ? 0 : all.findIndex((group) => tokenOf(group) === nextToken);
  if (start < 0) {
    throw invalid('group_next_token', `invalid group_next_token '${nextToken}'. were rule groups changed?`);
  }
  const groups: RuleGroupView[] = [];
  for (const group of all.slice(start)) {
    if (groupNames?.has(group.name) === false || files?.has(group.file) === false) continue;
    const rules = group.rules.filter((rule) => isWanted(rule, filter));
    if (rules.length === 0) continue;
    if (groups.length === maxGroups) return { groups, nextToken: tokenOf(group) };
    groups.push({ ...group, rules });
  }
  return { groups, nextToken: undefined };
}

function isWanted(rule: RuleView, { kind, ruleNames, matches }: RuleFilter): boolean {
  if (kind !== undefined && rule.kind !== kind) return false;
  if (ruleNames?.has(rule.name) === false) return false;
  return matches(Labels.from(rule.labels));
}

function setOf(parameters: Parameters, name: string): ReadonlySet<string> | undefined {
  const values = [...parameters.all(`${name}[]`), ...parameters.all(name)];
  return values.length === 0 ? undefined : new Set(values);
}

function parseExcludeAlerts(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw invalid(
    'exclude_alerts',
    `error converting exclude_alerts: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

function parsePagination(parameters: Parameters): Pick<RuleFilter, 'maxGroups' | 'nextToken'> {
  const limit = parameters.get('group_limit');
  const token = parameters.get('group_next_token');
  if (limit === '') {
    if (token === '') return { maxGroups: undefined, nextToken: undefined };
    throw invalid('group_next_token', 'group_limit needs to be present in order to paginate over the groups');
  }
  if (!/^[+-]?\d{1,9}$/.test(limit)) {
    const reason = `strconv.ParseInt: parsing ${JSON.stringify(limit)}: invalid syntax`;
    throw invalid('group_limit', `group_limit needs to be a valid number: ${reason}`);
  }
  if (Number(limit) <= 0) throw invalid('group_limit', 'group_limit needs to be greater than 0');
  return { maxGroups: Number(limit), nextToken: token === '' ? undefined : token };
}

function tokenOf({ file, name }: RuleGroupView): string {
  return createHash('sha256').update(`${file};${name}`).digest('hex');
}
