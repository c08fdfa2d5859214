// Why a group is not asked: which matchers its labels do not satisfy.

import { compileMatcher, type Matcher } from '../../../model/index.js';
import { walk, type Expr } from '../../language/index.js';
import { exclusionsOf, type PlannedGroup } from './group-pruning.js';

/** So many selectors are told of; one that is not satisfied is enough for most expressions. */
const MAX_TOLD = 3;
/** So much of a value is shown. */
const MAX_VALUE = 200;

export interface Irrelevant {
  readonly group: string;
  readonly reason: string;
}

/** Tells of the groups whose names are not in `asked`, in their order. */
export interface Irrelevance {
  ofMatchers(matchers: readonly Matcher[], asked: ReadonlySet<string>): readonly Irrelevant[];
  ofExpr(expr: Expr, asked: ReadonlySet<string>): readonly Irrelevant[];
}

export function createIrrelevance(groups: readonly PlannedGroup[]): Irrelevance {
  return {
    ofMatchers: (matchers, asked) => tell([matchers], asked),
    ofExpr(expr, asked) {
      const selectors: (readonly Matcher[])[] = [];
      walk(expr, (one) => {
        if (one.kind === 'vectorSelector') selectors.push(one.matchers);
      });
      return tell(selectors, asked);
    },
  };

  function tell(selectors: readonly (readonly Matcher[])[], asked: ReadonlySet<string>): Irrelevant[] {
    const left = groups.filter(({ name }) => !asked.has(name));
    if (left.length === 0) return [];
    const names = new Set(left.flatMap(({ labels }) => labels.names()));
    // Each matcher is compiled once, and only those on labels that groups set.
    const tests = new Map<string, { readonly matcher: Matcher; readonly test: (value: string) => boolean }>();
    for (const matcher of selectors.flat()) {
      const key = JSON.stringify([matcher.name, matcher.op, matcher.value]);
      if (names.has(matcher.name) && !tests.has(key))
        tests.set(key, { matcher, test: compileMatcher(matcher) });
    }
    return left.map((group) => {
      const { name, labels } = group;
      const refused = new Set<string>();
      for (const { matcher, test } of tests.values()) {
        const value = labels.get(matcher.name);
        if (value === '' || test(value)) continue;
        refused.add(`its ${label(matcher.name, '=', value)} does not satisfy ${matcherText(matcher)}`);
        if (refused.size === MAX_TOLD) break;
      }
      if (group.inject !== undefined) {
        for (const matcher of selectors.flat()) {
          if (refused.size >= MAX_TOLD) break;
          const [absence] = exclusionsOf([matcher], [group]);
          if (absence?.kind !== 'injected') continue;
          refused.add(`its injected ${matcherText(absence.injected)} excludes ${matcherText(matcher)}`);
        }
      }
      return { group: name, reason: refused.size > 0 ? [...refused].join(', ') : 'nothing to ask it for' };
    });
  }
}

function matcherText({ name, op, value }: Matcher): string {
  return label(name, op, value);
}

function label(name: string, op: string, value: string): string {
  const shown = value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
  return `${name}${op}${JSON.stringify(shown)}`;
}
