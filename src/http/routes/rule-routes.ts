// The routes of rules: /api/v1/rules, /api/v1/alerts and /api/v1/alertmanagers.

import type { FastifyInstance } from 'fastify';

import type { FederatedRuleGroup, MetadataResult } from '../../federation/index.js';
import { textItems } from '../../json/index.js';
import { formatExponent, formatRfc3339, type StopSignal } from '../../model/index.js';
import type { AlertView, RuleGroupView, RuleView } from '../../rules/index.js';
import type { AppContext } from '../app-context.js';
import { sendData, sendResult } from '../reply/send-data.js';
import { printRegionGroup } from './region-rules.js';
import { addRoute } from './route.js';
import { filterRules, parseRuleFilter, type RuleFilter } from './rule-filter.js';

export function addRuleRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET'], '/api/v1/rules', async (request, reply) => {
    request.parameters.checkForm();
    const { signal } = request;
    const own = await context.rules.groups();
    // Parsed afterwards: a request that waits holds its text only.
    const filter = parseRuleFilter(request.parameters, context.limits);
    if (!filter.isFederated) return sendData(reply, await printPage(own, filter, signal));
    const { metadata } = context.engineFor(request);
    const result = await metadata.rules({ query: filter, timeoutMs: context.queryTimeoutMs, signal });
    const { groups, nextToken } = await orRelease(result, () =>
      filterRules([...own, ...result.data], filter, signal),
    );
    const format = {
      writer: textItems((group: ListedGroup) => JSON.stringify(printListed(group, filter))),
      open: '{"groups":[',
      close: nextToken === undefined ? ']}' : `],"groupNextToken":${JSON.stringify(nextToken)}}`,
    };
    return sendResult(reply, result, groups, format, { signal, log: context.log });
  });

  addRoute(app, ['GET'], '/api/v1/alerts', async (_request, reply) => {
    const groups = await context.rules.groups();
    const alerts = groups
      .flatMap(({ rules }) => rules)
      .flatMap((rule) => (rule.kind === 'alerting' ? rule.alerts : []));
    return sendData(reply, { alerts: alerts.map(printAlert) });
  });

  addRoute(app, ['GET'], '/api/v1/alertmanagers', async (_request, reply) => {
    const { active, dropped } = await context.rules.alertmanagers();
    return sendData(reply, {
      activeAlertmanagers: active.map((url) => ({ url })),
      droppedAlertmanagers: dropped.map((url) => ({ url })),
    });
  });
}

/** Returns what `compute` returns. Releases the result when it throws. */
async function orRelease<T>({ release }: MetadataResult<unknown>, compute: () => Promise<T>): Promise<T> {
  try {
    return await compute();
  } catch (thrown) {
    release?.();
    throw thrown;
  }
}

type ListedGroup = RuleGroupView | FederatedRuleGroup;

/** Returns the groups of one page. @throws PromfedError as `filterRules` does. */
async function printPage(
  all: readonly RuleGroupView[],
  filter: RuleFilter,
  signal: StopSignal,
): Promise<object> {
  const { groups, nextToken } = await filterRules(all, filter, signal);
  return {
    groups: groups.map((group) => printListed(group, filter)),
    ...(nextToken === undefined ? {} : { groupNextToken: nextToken }),
  };
}

function printListed(group: ListedGroup, { excludesAlerts }: RuleFilter): object {
  return 'serverGroup' in group ? printRegionGroup(group, excludesAlerts) : printGroup(group, excludesAlerts);
}

/** Source of all names: Prometheus, web/api/v1/api.go (`RuleGroup`, `AlertingRule`, `RecordingRule`, `Alert`). */
function printGroup(group: RuleGroupView, excludesAlerts: boolean): object {
  return {
    name: group.name,
    file: group.file,
    rules: group.rules.map((rule) => printRule(rule, excludesAlerts)),
    interval: group.intervalMs / 1000,
    limit: group.limit,
    evaluationTime: group.evaluationMs / 1000,
    lastEvaluation: printTime(group.evaluatedAtMs),
    ...(group.evaluatedBy === undefined ? {} : { evaluatedBy: group.evaluatedBy }),
  };
}

function printRule(rule: RuleView, excludesAlerts: boolean): object {
  const { name, query, labels, health, lastError, missingGroups } = rule;
  const common = {
    health,
    ...(lastError === undefined ? {} : { lastError }),
    evaluationTime: rule.evaluationMs / 1000,
    lastEvaluation: printTime(rule.evaluatedAtMs),
    ...(missingGroups.length === 0 ? {} : { missingServerGroups: missingGroups }),
  };
  if (rule.kind === 'recording') return { name, query, labels, ...common, type: 'recording' };
  return {
    state: rule.state,
    name,
    query,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    labels,
    annotations: rule.annotations,
    alerts: excludesAlerts ? null : rule.alerts.map(printAlert),
    ...common,
    type: 'alerting',
  };
}

function printAlert(alert: AlertView): object {
  const { labels, annotations, state, keepFiringSinceMs, slotNs } = alert;
  return {
    labels,
    annotations,
    state,
    activeAt: printTime(alert.activeAtMs, slotNs),
    ...(keepFiringSinceMs === undefined ? {} : { keepFiringSince: printTime(keepFiringSinceMs, slotNs) }),
    value: formatExponent(alert.value),
  };
}

/** The zero time of Go stands for a time that is not known. */
function printTime(timeMs: number | undefined, ns?: number): string {
  return timeMs === undefined ? '0001-01-01T00:00:00Z' : formatRfc3339(timeMs, ns);
}
