// The part of a scenario that needs no result of a rule from a region.

import { parse } from 'yaml';

import type { Matcher } from '../../../../src/model/index.js';
import { compileMatcher } from '../../../../src/model/index.js';
import { parseExpr, selectorsByTime } from '../../../../src/promql/language/index.js';
import type { Scenario } from './scenario.js';

interface FileRule {
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface FileGroup {
  readonly rules: readonly FileRule[];
}

export interface ChainedScenario {
  readonly scenario: Scenario;
  /** Number of rules that select results of their group. */
  readonly chained: number;
}

/**
 * Returns the scenario with those rules only that read results of their own group at the time of the evaluation: promfed
 * reads all other results from regions.
 */
export function chainedScenario(scenario: Scenario): ChainedScenario {
  const { groups } = parse(scenario.rules) as { readonly groups: readonly FileGroup[] };
  const written = new Set([
    'ALERTS',
    'ALERTS_FOR_STATE',
    ...groups.flatMap(({ rules }) => rules.flatMap(({ record }) => record ?? [])),
  ]);
  let chained = 0;
  const kept = groups.map((group) => {
    const own = group.rules.map(({ record }) => record);
    const rules = group.rules.filter((rule, position) => {
      const reads = resultsOf(rule, written, own);
      // The first evaluation after a start reads later rules from the regions.
      const isMixed = new Set(reads?.map((name) => own.indexOf(name) < position)).size > 1;
      if (reads === undefined || isMixed) return false;
      if (reads.length > 0) chained++;
      return true;
    });
    return { ...group, rules };
  });
  const filled = kept.filter(({ rules }) => rules.length > 0);
  return { scenario: { ...scenario, rules: JSON.stringify({ groups: filled }, undefined, 1) }, chained };
}

/** Returns the scenario with all rules in one group. */
export function inOneGroup(scenario: Scenario): Scenario {
  const { groups } = parse(scenario.rules) as { readonly groups: readonly FileGroup[] };
  const rules = groups.flatMap((group) => group.rules);
  return { ...scenario, rules: JSON.stringify({ groups: [{ name: 'all', rules }] }, undefined, 1) };
}

/** The results of its group that a rule reads; undefined when it may read others. */
function resultsOf(
  rule: FileRule,
  written: ReadonlySet<string>,
  own: readonly (string | undefined)[],
): readonly string[] | undefined {
  const templates = Object.values({ ...rule.labels, ...rule.annotations });
  const queries = templates.flatMap((text) =>
    [...text.matchAll(/query ("(?:[^"\\]|\\.)*")/g)].map(([, quoted]) => JSON.parse(quoted!) as string),
  );
  const found: string[] = [];
  for (const text of [rule.expr, ...queries]) {
    const { current, others } = selectorsByTime(parseExpr(text));
    if (others.some(({ matchers }) => selects(matchers, written))) return undefined;
    for (const { matchers } of current) {
      const name = matchers.find((matcher) => matcher.name === '__name__' && matcher.op === '=')?.value;
      if (name !== undefined && own.includes(name)) found.push(name);
      else if (selects(matchers, written)) return undefined;
    }
  }
  return found;
}

function selects(matchers: readonly Matcher[], names: ReadonlySet<string>): boolean {
  const tests = matchers.filter(({ name }) => name === '__name__').map(compileMatcher);
  return [...names].some((name) => tests.every((test) => test(name)));
}
