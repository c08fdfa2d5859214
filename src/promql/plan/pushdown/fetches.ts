// Fetches: the text that is sent to each group for an expression, and the key of the fetch.

import { appendAll, type LabelRule, type Labels } from '../../../model/index.js';
import { printPortableExpr, typeOf, walk, type Expr } from '../../language/index.js';
import type { Fetch, FetchNode, FetchPart } from '../node.js';
import { tooManyRequests } from '../too-many-requests.js';
import { NONE_EXCLUDED, type ExcludedGroup, type Exclusion } from '../pruning/group-pruning.js';
import { isJoined, type JoinedGroup } from '../pruning/group-units.js';
import { labelsOf, type PlannedGroup } from '../pruning/planned-group.js';
import type { SelectorRoute, SelectorRouting } from '../pruning/selector-routing.js';
import type { PlanTimes } from '../times.js';
import { shortensRanges, shortensSubqueries } from './group-lacks.js';
import { labelRuleOf } from './label-rules.js';
import type { Local } from './pushdown-verdict.js';
import { Rewriter } from './rewrite.js';

/** The labels to set on the answer of each group, and a key of the groups and these labels. */
interface AddedLabels {
  readonly labels: readonly Labels[];
  readonly key: string;
}

/** The text that is sent to a group, and the labels of its result. */
interface SentExpr {
  readonly text: string;
  readonly labelRule: LabelRule;
}

/** Creates the fetches of one plan. Over many groups most fetches share nearly everything, which is computed once. */
export class Fetches {
  readonly #times: PlanTimes;
  readonly #routing: SelectorRouting;
  readonly #maxRequests: number;
  readonly #rewriter: Rewriter;
  #created: Fetch[] = [];
  /** The requests of all fetches. Those of equal ones may be counted several times. */
  #requests = 0;
  readonly #groupKeys = new Map<PlannedGroup, string>();
  readonly #addedLabels = new Map<readonly PlannedGroup[], Map<ReadonlySet<string>, AddedLabels>>();

  /** @param maxRequests limit on the requests of all fetches. Equal fetches are sent once. */
  constructor(times: PlanTimes, routing: SelectorRouting, maxRequests: number) {
    this.#times = times;
    this.#maxRequests = maxRequests;
    this.#routing = routing;
    this.#rewriter = new Rewriter(times, routing);
  }

  /**
   * Creates the fetch of a local vector or range vector. The series of each answer are given those labels of the group
   * that remain. For the inner level of a split aggregation these are the labels of its input, which keep the groups
   * apart until the outer level has grouped.
   *
   * Joined groups are left out.
   *
   * @throws PromfedError `limit` when all fetches together have too many requests.
   */
  create(expr: Expr, { groups, remainingLabels }: Local): FetchNode {
    const routes = this.#routesOf(expr);
    const textOf = this.#texts(expr, groups, routes);
    const added = this.#labelsFor(groups, remainingLabels);
    const parts: FetchPart[] = [];
    const numbers = new Map<string, number>();
    let choices = '';
    for (const [i, group] of groups.entries()) {
      const sent = isJoined(group) ? undefined : textOf(group);
      if (sent === undefined) {
        choices += '-,';
        continue;
      }
      const { text, labelRule } = sent;
      let number = numbers.get(text);
      if (number === undefined) numbers.set(text, (number = numbers.size));
      choices += `${number},`;
      parts.push({ group, expr: text, labelRule, addLabels: added.labels[i]! });
    }
    // Each distinct text once, then the number of the text of each group: texts can be long, and groups many.
    const texts = JSON.stringify([this.#times.steps ?? null, [...numbers.keys()]]);
    const type = typeOf(expr) === 'matrix' ? 'matrix' : 'vector';
    const fetch: Fetch = { key: texts + choices + added.key, type, parts };
    this.#count(fetch);
    return {
      kind: 'fetch',
      fetch,
      excluded: excludedFrom(this.#routing.groups, parts, groups.filter(isJoined), routes),
      source: expr,
      position: expr.position,
    };
  }

  #count(fetch: Fetch): void {
    this.#created.push(fetch);
    this.#requests += fetch.parts.length;
    if (this.#requests <= this.#maxRequests) return;
    const distinct = new Map(this.#created.map((one) => [one.key, one]));
    this.#created = [...distinct.values()];
    this.#requests = this.#created.reduce((sum, { parts }) => sum + parts.length, 0);
    if (this.#requests > this.#maxRequests) {
      throw tooManyRequests(`at least ${this.#requests}`, this.#maxRequests);
    }
  }

  #routesOf(expr: Expr): readonly SelectorRoute[] {
    const routes: SelectorRoute[] = [];
    walk(expr, (one) => {
      if (one.kind === 'vectorSelector') routes.push(this.#routing.route(one));
    });
    return routes;
  }

  #labelsFor(groups: readonly PlannedGroup[], remainingLabels: ReadonlySet<string>): AddedLabels {
    let byLabels = this.#addedLabels.get(groups);
    if (byLabels === undefined) {
      this.#addedLabels.set(groups, (byLabels = new Map<ReadonlySet<string>, AddedLabels>()));
    }
    let added = byLabels.get(remainingLabels);
    if (added === undefined) {
      const labels = groups.map((group) => labelsOf(group).keep(remainingLabels));
      const key = JSON.stringify(groups.map(({ name }, i) => [name, labels[i]!.key]));
      byLabels.set(remainingLabels, (added = { labels, key }));
    }
    return added;
  }

  /**
   * The text that is sent to a group depends on the names of its labels, its injected matchers and the selectors that
   * it has data for. Groups that agree in these share one text.
   */
  #texts(
    expr: Expr,
    groups: readonly PlannedGroup[],
    routes: readonly SelectorRoute[],
  ): (group: PlannedGroup) => SentExpr | undefined {
    const partial = routes.filter((route) => route.units !== groups).map((route) => new Set(route.units));
    const texts = new Map<string, SentExpr | undefined>();
    return (group) => {
      let key = this.#groupKey(group);
      for (const kept of partial) key += kept.has(group) ? '1' : '0';
      if (!texts.has(key)) {
        const sent = this.#rewriter.rewrite(expr, group);
        texts.set(key, sent && { text: printPortableExpr(sent), labelRule: labelRuleOf(sent) });
      }
      return texts.get(key);
    };
  }

  /** The names of a group's labels, its injected matchers and how its ranges are rewritten, as one text. */
  #groupKey(group: PlannedGroup): string {
    const known = this.#groupKeys.get(group);
    if (known !== undefined) return known;
    const shortened = [shortensRanges(group), shortensSubqueries(group)];
    const key = JSON.stringify([group.labels.names(), group.inject, shortened]);
    this.#groupKeys.set(group, key);
    return key;
  }
}

/**
 * The groups that are not queried, in their order, each with the reasons of all selectors that exclude it.
 *
 * @param joined groups whose raw samples are read beside the fetch.
 */
function excludedFrom(
  groups: readonly PlannedGroup[],
  parts: readonly FetchPart[],
  joined: readonly JoinedGroup[],
  routes: readonly SelectorRoute[],
): readonly ExcludedGroup[] {
  const lists = [...new Set(routes.map((route) => route.excluded))].filter((list) => list.length > 0);
  const [first = NONE_EXCLUDED] = lists;
  // Every group is excluded by all selectors or by none.
  if (lists.length <= 1 && routes.every((route) => route.excluded === first)) return first;
  const queried = new Set([...parts.map(({ group }) => group), ...joined.flatMap(({ members }) => members)]);
  const reasons = new Map<PlannedGroup, Exclusion[]>();
  for (const one of lists.flat()) {
    if (queried.has(one.group)) continue;
    const known = reasons.get(one.group);
    if (known === undefined) reasons.set(one.group, [...one.reasons]);
    else appendAll(known, one.reasons);
  }
  return groups.flatMap((group) => {
    const all = reasons.get(group);
    return all === undefined ? [] : [{ group, reasons: all }];
  });
}
