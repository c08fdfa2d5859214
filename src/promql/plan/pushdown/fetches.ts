// Fetches: what each group is sent of an expression, and the key by which equal fetches are known.

import type { Labels } from '../../../model/index.js';
import { printPortableExpr, typeOf, walk, type Expr } from '../../language/index.js';
import { labelsOf, type PlannedGroup } from '../pruning/group-pruning.js';
import type { Local } from './pushdown-verdict.js';
import type { FetchNode, FetchPart } from '../node.js';
import type { SelectorRouting } from '../pruning/selector-routing.js';
import { rewrite } from './rewrite.js';
import type { PlanTimes } from '../times.js';

/** Groups as a fetch asks them: which of their labels each one's answer is given, and all of it as one text. */
interface Asked {
  readonly labels: readonly Labels[];
  readonly key: string;
}

/** Makes the fetches of one plan. Over many groups most of them share nearly everything, which is made once. */
export class Fetches {
  readonly #times: PlanTimes;
  readonly #relevance: SelectorRouting;
  readonly #names = new Map<PlannedGroup, string>();
  readonly #asked = new Map<readonly PlannedGroup[], Map<ReadonlySet<string>, Asked>>();

  constructor(times: PlanTimes, relevance: SelectorRouting) {
    this.#times = times;
    this.#relevance = relevance;
  }

  /**
   * Sends `expr` to each of the groups and gives what comes back the group's labels that still stand. For the inner
   * level of a split these are the labels of the aggregation's input: they keep the groups apart until the outer
   * level has grouped as the whole does.
   */
  of(expr: Expr, { groups, remainingLabels, disjoint }: Local): FetchNode {
    const textOf = this.#texts(expr, groups);
    const asked = this.#ask(groups, remainingLabels);
    const parts: FetchPart[] = [];
    const numbers = new Map<string, number>();
    let choices = '';
    for (const [i, group] of groups.entries()) {
      const sent = textOf(group);
      if (sent === undefined) {
        choices += '-,';
        continue;
      }
      let number = numbers.get(sent);
      if (number === undefined) numbers.set(sent, (number = numbers.size));
      choices += `${number},`;
      parts.push({ group, expr: sent, addLabels: asked.labels[i]! });
    }
    const what = JSON.stringify([this.#times.steps ?? null, !disjoint, [...numbers.keys()]]);
    const fetch = { key: what + choices + asked.key, type: typeOf(expr), parts, overlapping: !disjoint };
    return { kind: 'fetch', fetch, source: expr, position: expr.position };
  }

  #ask(groups: readonly PlannedGroup[], remainingLabels: ReadonlySet<string>): Asked {
    let known = this.#asked.get(groups);
    if (known === undefined) this.#asked.set(groups, (known = new Map<ReadonlySet<string>, Asked>()));
    let asked = known.get(remainingLabels);
    if (asked === undefined) {
      const labels = groups.map((group) => labelsOf(group).keep(remainingLabels));
      const key = JSON.stringify(groups.map(({ name }, i) => [name, labels[i]!.key]));
      known.set(remainingLabels, (asked = { labels, key }));
    }
    return asked;
  }

  /**
   * What a group is sent of the expression depends on the names of its labels, its injected matchers and the selectors
   * that it is relevant for, and on nothing else: groups that agree in these share one text.
   */
  #texts(expr: Expr, groups: readonly PlannedGroup[]): (group: PlannedGroup) => string | undefined {
    const relevance: ReadonlySet<PlannedGroup>[] = [];
    walk(expr, (one) => {
      if (one.kind !== 'vectorSelector') return;
      const relevant = this.#relevance(one).groups;
      if (relevant !== groups) relevance.push(new Set(relevant));
    });
    const texts = new Map<string, string | undefined>();
    return (group) => {
      let key = this.#namesOf(group);
      for (const relevant of relevance) key += relevant.has(group) ? '1' : '0';
      if (!texts.has(key)) {
        const sent = rewrite(expr, group, this.#times, this.#relevance);
        texts.set(key, sent && printPortableExpr(sent));
      }
      return texts.get(key);
    };
  }

  /** The names of its labels and its injected matchers as one text, equal for equal ones only. */
  #namesOf(group: PlannedGroup): string {
    const known = this.#names.get(group);
    if (known !== undefined) return known;
    const names = JSON.stringify([group.labels.names(), group.inject]);
    this.#names.set(group, names);
    return names;
  }
}
