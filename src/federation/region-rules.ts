// The rules that the regions evaluate themselves, labelled by server group.

import { asPromfedError, compareStrings, Labels, PromfedError } from '../model/index.js';
import { sortPaced, type Pacer } from '../runtime/index.js';
import type {
  FetchContext,
  GroupSnapshot,
  MetadataAnswer,
  RegionRule,
  RegionRuleGroup,
  RulesQuery,
} from '../upstreams/index.js';
import { runMetadataRequest } from './metadata-run.js';
import type { FederationOptions } from './options.js';
import type { FederatedRuleGroup, MetadataResult, RulesRequest } from './query-engine.js';

/**
 * Reads the rules of all regions. No failure of a region is an error, also without `ignore_error`: a region without the
 * endpoint still answers queries.
 */
export function queryRegionRules(
  request: RulesRequest,
  options: FederationOptions,
): Promise<MetadataResult<readonly FederatedRuleGroup[]>> {
  return runMetadataRequest(
    { ...request, routing: 'all' },
    options,
    (groups) =>
      groups.map((group) => ({
        group,
        ignoreError: true,
        send: (context) => rulesOf(group, request.query, context),
      })),
    async (answers, warnings, { pacer }) => {
      const all: FederatedRuleGroup[] = [];
      for (const { group, data } of answers) {
        for (const own of await sortPaced(pacer, data, byFileAndName)) {
          if (pacer.due) await pacer.pause();
          all.push(await labelled(own, group, pacer));
        }
      }
      return { data: all, warnings };
    },
  );
}

function byFileAndName(a: RegionRuleGroup, b: RegionRuleGroup): number {
  return compareStrings(a.file, b.file) || compareStrings(a.name, b.name);
}

/** A region that rejects the request, or whose rules exceed its memory, has failed. It does not fail the other regions. */
async function rulesOf(
  group: GroupSnapshot,
  query: RulesQuery,
  context: FetchContext,
): Promise<MetadataAnswer<readonly RegionRuleGroup[]>> {
  if (group.inject !== undefined) {
    const reason = 'inject_matchers cannot limit the rules of a region';
    return {
      data: [],
      warnings: [`server group "${group.name}" is missing from this answer: ${reason}`],
    };
  }
  try {
    return await group.rules(query, context);
  } catch (thrown) {
    const error = asPromfedError(thrown);
    if (error.code !== 'memory' && error.code !== 'rejected_request') throw error;
    throw new PromfedError('upstream', error.message, { cause: error });
  }
}

async function labelled(
  own: RegionRuleGroup,
  { name, labels }: GroupSnapshot,
  pacer: Pacer,
): Promise<FederatedRuleGroup> {
  const add = (texts: Readonly<Record<string, string>>): Record<string, string> =>
    Labels.from(texts).with(labels).toJSON();
  const rules: RegionRule[] = [];
  for (const rule of own.rules) {
    if (pacer.due) await pacer.pause();
    if (rule.kind === 'recording') {
      rules.push({ ...rule, labels: add(rule.labels) });
      continue;
    }
    const alerts: (typeof rule.alerts)[number][] = [];
    for (const alert of rule.alerts) {
      if (pacer.due) await pacer.pause();
      alerts.push({ ...alert, labels: add(alert.labels) });
    }
    rules.push({ ...rule, labels: add(rule.labels), alerts });
  }
  return { ...own, serverGroup: name, rules };
}
