// The routes of rules: /api/v1/rules, /api/v1/alerts and /api/v1/alertmanagers.

import type { FastifyInstance, FastifyReply } from 'fastify';

import type { FederatedRuleGroup, MetadataResult } from '../../federation/index.js';
import { formatExponent, formatRfc3339 } from '../../model/index.js';
import type { AlertView, RuleGroupView, RuleView } from '../../rules/index.js';
import type { AppContext } from '../app-context.js';
import { sendData, sendPieces } from '../reply/send-data.js';
import { printRegionAlert, printRegionGroup, printRegionRule } from './region-rules.js';
import { addRoute } from './route.js';
import { filterRules, parseRuleFilter, type RuleFilter } from './rule-filter.js';

export function addRuleRoutes(app: FastifyInstance, context: AppContext): void {
  const { connections, log } = context;

  /** Returns the groups of promfed, whose memory is charged until the reply has ended. */
  async function groupsFor(reply: FastifyReply): Promise<readonly RuleGroupView[]> {
    const groups = await context.rules.groups();
    connections.charge(reply.request.raw, sizeOf(groups));
    return groups;
  }

  addRoute(app, ['GET'], '/api/v1/rules', async (request, reply) => {
    request.parameters.checkForm();
    const { signal } = request;
    const own = await groupsFor(reply);
    // Parsed afterwards: a request that waits holds its text only.
    const filter = parseRuleFilter(request.parameters, context.limits);
    if (!filter.isFederated) {
      const page = await filterRules(own, filter, signal);
      return sendPieces(reply, NO_REGIONS, printPage(page, filter), { signal, log });
    }
    const { metadata } = context.engineFor(request);
    const result = await metadata.rules({ query: filter, timeoutMs: context.queryTimeoutMs, signal });
    const page = await orRelease(result, () => filterRules([...own, ...result.data], filter, signal));
    return sendPieces(reply, result, printPage(page, filter), { signal, log });
  });

  addRoute(app, ['GET'], '/api/v1/alerts', async ({ signal }, reply) => {
    const groups = await groupsFor(reply);
    return sendPieces(reply, NO_REGIONS, printAlerts(groups), { signal, log });
  });

  addRoute(app, ['GET'], '/api/v1/alertmanagers', async (_request, reply) => {
    const { active, dropped } = await context.rules.alertmanagers();
    return sendData(reply, {
      activeAlertmanagers: active.map((url) => ({ url })),
      droppedAlertmanagers: dropped.map((url) => ({ url })),
    });
  });
}

/** The result of a request that no region answers. */
const NO_REGIONS = { warnings: [] };

/** Memory of a rule and of an alert in bytes, as the API prints them. Their texts belong to the rules. */
const RULE_BYTES = 1000;
const ALERT_BYTES = 500;

function sizeOf(groups: readonly RuleGroupView[]): number {
  let bytes = 0;
  for (const { rules } of groups) {
    for (const rule of rules) {
      bytes += RULE_BYTES + (rule.kind === 'alerting' ? ALERT_BYTES * rule.alerts.length : 0);
    }
  }
  return bytes;
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

/** The groups of one page, and the token of the next one. */
interface RulesPage {
  readonly groups: readonly ListedGroup[];
  readonly nextToken: string | undefined;
}

function* printPage(
  { groups, nextToken }: RulesPage,
  { excludesAlerts }: RuleFilter,
): Generator<string, void, undefined> {
  const token = nextToken === undefined ? {} : { groupNextToken: nextToken };
  yield* withList({ groups: [], ...token }, 'groups', groups, (group) => printListed(group, excludesAlerts));
}

function* printAlerts(groups: readonly RuleGroupView[]): Generator<string, void, undefined> {
  yield '{"alerts":[';
  let isFirst = true;
  for (const { rules } of groups) {
    for (const rule of rules) {
      if (rule.kind !== 'alerting') continue;
      for (const alert of rule.alerts) {
        yield `${isFirst ? '' : ','}${JSON.stringify(printAlert(alert))}`;
        isFirst = false;
      }
    }
  }
  yield ']}';
}

function printListed(group: ListedGroup, excludesAlerts: boolean): Iterable<string> {
  if ('serverGroup' in group) {
    return withList(printRegionGroup(group), 'rules', group.rules, (rule) => {
      const printed = printRegionRule(rule, excludesAlerts);
      if (rule.kind === 'recording' || excludesAlerts) return [JSON.stringify(printed)];
      return withList(printed, 'alerts', rule.alerts, (alert) => [JSON.stringify(printRegionAlert(alert))]);
    });
  }
  return withList(printGroup(group), 'rules', group.rules, (rule) => {
    const printed = printRule(rule, excludesAlerts);
    if (rule.kind === 'recording' || excludesAlerts) return [JSON.stringify(printed)];
    return withList(printed, 'alerts', rule.alerts, (alert) => [JSON.stringify(printAlert(alert))]);
  });
}

/**
 * Yields the JSON of an object in pieces, with items in the place of an empty list. Within a string, the quotes around the
 * name of the list would be escaped.
 */
function* withList<T>(
  object: object,
  name: string,
  items: readonly T[],
  print: (item: T) => Iterable<string>,
): Generator<string, void, undefined> {
  const text = JSON.stringify(object);
  const list = `"${name}":[`;
  const at = text.indexOf(`${list}]`) + list.length;
  yield text.slice(0, at);
  for (const [i, item] of items.entries()) {
    if (i > 0) yield ',';
    yield* print(item);
  }
  yield text.slice(at);
}

/**
 * Prints a group without its rules. Source of all names: Prometheus, web/api/v1/api.go (`RuleGroup`, `AlertingRule`,
 * `RecordingRule`, `Alert`).
 */
function printGroup(group: RuleGroupView): object {
  return {
    name: group.name,
    file: group.file,
    rules: [],
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
    alerts: excludesAlerts ? null : [],
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
