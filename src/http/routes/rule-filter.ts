// The filters and the pagination of /api/v1/rules.

import { createHash } from 'node:crypto';

import type { RulesRequest } from '../../federation/index.js';
import { compileMatcher, Labels, type StopSignal } from '../../model/index.js';
import { Pacer } from '../../runtime/index.js';
import type { RequestLimits } from '../app-context.js';
import { selectorsOf } from '../parameters/match.js';
import { invalid, parseInteger, type Parameters } from '../parameters/parameters.js';

/** The filters that regions apply too. */
type RegionFilter = RulesRequest['query'];

/** A rule as the filters see it. */
interface ListedRule {
  readonly kind: 'alerting' | 'recording';
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A rule group as the filters see it: one of promfed or of a region. */
interface ListedGroup {
  readonly name: string;
  readonly file: string;
  /** Undefined for a group of promfed. */
  readonly serverGroup?: string;
  readonly rules: readonly ListedRule[];
}

/** A matcher of a selector. */
interface LabelTest {
  readonly name: string;
  readonly test: (value: string) => boolean;
}

/** The filters that regions apply too, and those of promfed. */
export interface RuleFilter extends RegionFilter {
  /** True to list the rules of the regions as well. */
  readonly isFederated: boolean;
  /** The labels of a rule must satisfy one of the selectors. Without selectors, all rules are listed. */
  readonly selectors: readonly (readonly LabelTest[])[];
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
export function parseRuleFilter(parameters: Parameters, limits: RequestLimits): RuleFilter {
  const { selectors } = selectorsOf(parameters, limits)();
  const type = parameters.get('type').toLowerCase();
  if (!Object.hasOwn(KINDS, type)) throw invalid('type', `not supported value ${JSON.stringify(type)}`);
  return {
    kind: KINDS[type],
    ruleNames: setOf(parameters, 'rule_name'),
    groupNames: setOf(parameters, 'rule_group'),
    files: setOf(parameters, 'file'),
    selectors: selectors.map((matchers) =>
      matchers.map((matcher) => ({ name: matcher.name, test: compileMatcher(matcher) })),
    ),
    excludesAlerts: parseBoolean(parameters, 'exclude_alerts'),
    isFederated: parseBoolean(parameters, 'federated'),
    ...parsePagination(parameters),
  };
}

/** Number of tokens that are computed between two checks of the pacer. */
const TOKENS_EACH = 256;

/**
 * Returns the groups that have rules left, and the token of the next page. Yields to the event loop: there may be many
 * groups and many selectors.
 *
 * @throws PromfedError `bad_data` when the token is of no group; `canceled` when the client left.
 */
export async function filterRules<Group extends ListedGroup>(
  all: readonly Group[],
  filter: RuleFilter,
  signal: StopSignal,
): Promise<{ readonly groups: readonly Group[]; readonly nextToken: string | undefined }> {
  const { groupNames, files, maxGroups, nextToken } = filter;
  const pacer = new Pacer(signal);
  const start = nextToken === undefined ? 0 : await indexOfToken(all, nextToken, pacer);
  const groups: Group[] = [];
  for (const group of all.slice(start)) {
    if (pacer.due) await pacer.pause();
    if (groupNames?.has(group.name) === false || files?.has(group.file) === false) continue;
    const rules: ListedRule[] = [];
    for (const rule of group.rules) {
      if (pacer.due) await pacer.pause();
      if (await isWanted(rule, filter, pacer)) rules.push(rule);
    }
    if (rules.length === 0) continue;
    if (groups.length === maxGroups) return { groups, nextToken: tokenOf(group) };
    groups.push({ ...group, rules });
  }
  return { groups, nextToken: undefined };
}

/** @throws PromfedError `bad_data` when no group has the token. */
async function indexOfToken(all: readonly ListedGroup[], token: string, pacer: Pacer): Promise<number> {
  for (const [i, group] of all.entries()) {
    if (i % TOKENS_EACH === 0 && pacer.due) await pacer.pause();
    if (tokenOf(group) === token) return i;
  }
  throw invalid('group_next_token', `invalid group_next_token '${token}'. were rule groups changed?`);
}

async function isWanted(
  rule: ListedRule,
  { kind, ruleNames, selectors }: RuleFilter,
  pacer: Pacer,
): Promise<boolean> {
  if (kind !== undefined && rule.kind !== kind) return false;
  if (ruleNames?.has(rule.name) === false) return false;
  if (selectors.length === 0) return true;
  const labels = Labels.from(rule.labels);
  for (const selector of selectors) if (await satisfies(labels, selector, pacer)) return true;
  return false;
}

/** Pauses between two matchers: a match may take milliseconds. */
async function satisfies(labels: Labels, selector: readonly LabelTest[], pacer: Pacer): Promise<boolean> {
  for (const { name, test } of selector) {
    if (pacer.due) await pacer.pause();
    if (!test(labels.get(name))) return false;
  }
  return true;
}

function setOf(parameters: Parameters, name: string): ReadonlySet<string> | undefined {
  const values = [...parameters.all(`${name}[]`), ...parameters.all(name)];
  return values.length === 0 ? undefined : new Set(values);
}

function parseBoolean(parameters: Parameters, name: string): boolean {
  const text = parameters.get(name).toLowerCase();
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw invalid(
    name,
    `error converting ${name}: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

function parsePagination(parameters: Parameters): Pick<RuleFilter, 'maxGroups' | 'nextToken'> {
  const limit = parameters.get('group_limit');
  const token = parameters.get('group_next_token');
  if (limit === '') {
    if (token === '') return { maxGroups: undefined, nextToken: undefined };
    throw invalid('group_next_token', 'group_limit needs to be present in order to paginate over the groups');
  }
  const maxGroups = parseInteger(limit, 'ParseInt', (reason) =>
    invalid('group_limit', `group_limit needs to be a valid number: ${reason}`),
  );
  if (maxGroups <= 0) throw invalid('group_limit', 'group_limit needs to be greater than 0');
  return { maxGroups, nextToken: token === '' ? undefined : token };
}

/** Source of the token of promfed's groups: Prometheus, web/api/v1/api.go (`getRuleGroupNextToken`). */
function tokenOf({ file, name, serverGroup }: ListedGroup): string {
  const suffix = serverGroup === undefined ? '' : `;${serverGroup}`;
  return createHash('sha256').update(`${file};${name}${suffix}`).digest('hex');
}
