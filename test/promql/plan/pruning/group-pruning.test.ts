// Group pruning: which groups are excluded, and the reasons.

import fc from 'fast-check';
import t from 'tap';

import { compileMatcher, Labels } from '../../../../src/model/index.js';
import { parseExpr, parseSelector } from '../../../../src/promql/language/index.js';
import {
  MatchTime,
  operands,
  planDistributed,
  pruneGroups,
  type PlanNode,
} from '../../../../src/promql/plan/index.js';
import { planTimes } from '../plan-cases.js';
import { filter, filtered, group, learning, split } from './groups.js';
import { printExclusion } from '../../../../src/promql/plan/pruning/explain-pruning.js';

t.test('declared label values exclude groups', async (t) => {
  const cases: [selector: string, names: string[]][] = [
    ['up', ['nodes', 'apps', 'other']],
    ['up{job="node"}', ['nodes', 'other']],
    ['up{job="old"}', ['other']],
    ['up{job="mars"}', ['other']],
    ['up{job=~"app|kube.*"}', ['nodes', 'apps', 'other']],
    ['up{job=~"app|ku"}', ['apps', 'other']],
    ['up{job!~"node|kubelet"}', ['nodes', 'apps', 'other']],
    ['up{job!="app"}', ['nodes', 'other']],
    ['up{job!="",job!="node"}', ['nodes', 'apps', 'other']],
    ['up{job!="",job!~"node|kubelet"}', ['nodes', 'apps', 'other']],
    ['up{job=~"(kubelet|old).*",job=~".*let|x"}', ['nodes', 'other']],
    ['up{team="x"}', ['nodes', 'apps', 'other']],
    ['up{job=""}', ['nodes', 'other']],
  ];
  for (const [selector, names] of cases) {
    const kept = pruneGroups(parseSelector(selector), filtered).groups.map(({ name }) => name);
    t.same(kept, names, selector);
  }
  t.match(pruneGroups(parseSelector('up{job="mars"}'), filtered).excluded, [
    { group: { name: 'nodes' }, reasons: [{ kind: 'configured', matcher: { name: 'job', value: 'mars' } }] },
    { group: { name: 'apps' }, reasons: [{ kind: 'label', matcher: { name: 'job' } }] },
  ]);
});

t.test('a pattern that is too large to be matched here excludes no group by its values', async (t) => {
  const groups = [group('nodes', filter({ include: { job: ['node'] } }))];
  const pattern = 'x{1000}'.repeat(12);
  t.same(pruneGroups(parseSelector(`up{job=~"${pattern}"}`), groups).groups, groups);
});

t.test('matching the values of a group takes a limited time', async (t) => {
  const size = 5_000_000;
  let tested = 0;
  const many = group('many', {
    filter: {
      judge: (_matcher, test) => {
        for (; tested < size; tested++) if (test(`value-${tested}`)) return 'matches';
        return 'excluded';
      },
    },
  });
  t.same(pruneGroups(parseSelector('up{job=~"[xyz]+[0-9]"}'), [many]).groups, [many]);
  t.ok(tested < size, `${tested} values`);
});

t.test('all selectors of a plan share the time for matching values', async (t) => {
  let judged = 0;
  const endless = group('endless', {
    filter: {
      judge: (_matcher, test) => {
        for (judged++; ;) if (test('x')) return 'matches';
      },
    },
  });
  const time = new MatchTime();
  const before = performance.now();
  for (let i = 0; i < 100; i++) {
    t.same(pruneGroups(parseSelector(`up{job=~"[yz]+${i}"}`), [endless], undefined, time).groups, [endless]);
  }
  t.ok(judged >= 100, 'every pattern is judged');
  t.ok(performance.now() - before < 1500, 'less than 20 ms for each of them');
});

t.test('learned label values exclude groups when another group has the value', async (t) => {
  const cases: [selector: string, names: string[]][] = [
    ['up', ['a', 'b', 'pending', 'named']],
    ['up{job="x"}', ['a', 'pending']],
    ['up{job="both"}', ['a', 'b', 'pending']],
    ['up{job="z"}', ['pending', 'named']],
    ['up{job="new"}', ['a', 'b', 'pending']],
    ['up{job="not-a"}', ['b', 'pending']],
    ['up{job="declared"}', ['b', 'pending']],
    ['up{job=~"x|new"}', ['a', 'pending']],
    ['up{job=~"mo.+"}', ['b', 'pending']],
    ['up{job!=""}', ['a', 'b', 'pending', 'named']],
    ['up{job!="",job!~"x|both"}', ['a', 'b', 'pending', 'named']],
    ['up{job=""}', ['a', 'b', 'pending']],
    ['up{job="x",job="y"}', ['pending']],
  ];
  for (const [selector, names] of cases) {
    const kept = pruneGroups(parseSelector(selector), learning).groups.map(({ name }) => name);
    t.same(kept, names, selector);
  }
});

t.test('no group that has a series is excluded while the known values are correct', async () => {
  const value = fc.constantFrom('', 'a', 'b', 'c', 'ab');
  const series = fc.array(fc.record({ job: value, zone: value }), { maxLength: 4 });
  const matcher = fc.record({
    name: fc.constantFrom('job', 'zone'),
    op: fc.constantFrom('=', '!=', '=~', '!~'),
    value: fc.constantFrom('', 'a', 'b', 'ab', 'a|b', 'a.*', '.+', '.*', 'x'),
  } as const);
  const known = fc.constantFrom('nothing', 'learned', 'declared');
  const groups = fc.array(fc.record({ series, known, zone: value }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(groups, fc.array(matcher, { maxLength: 3 }), (made, matchers) => {
      const planned = made.map(({ series, known, zone }, i) => {
        const jobs = [...new Set(series.map(({ job }) => job))].filter((job) => job !== '');
        const more =
          known === 'nothing'
            ? {}
            : filter(known === 'learned' ? { learned: { job: jobs } } : { include: { job: jobs } });
        return group(`g${i}`, { labels: Labels.from(zone === '' ? {} : { zone }), ...more });
      });
      const kept = pruneGroups(matchers, planned).groups;
      return made.every(({ series, zone }, i) => {
        const has = series.some((one) => {
          const labels = { ...one, ...(zone === '' ? {} : { zone }) };
          return matchers.every((matcher) => compileMatcher(matcher)(labels[matcher.name]));
        });
        return !has || kept.includes(planned[i]!);
      });
    }),
    { numRuns: 1000 },
  );
});

t.test('a plan names the excluded groups of each fetch and selector, with the reasons', async (t) => {
  const groups = [
    ...filtered,
    ...split,
    ...learning.slice(0, 2),
    group('scoped', { inject: [{ name: 'job', op: '=', value: 'batch' }] }),
  ];
  const excludedOf = (node: PlanNode): unknown[] => {
    const own = node.kind === 'fetch' || node.kind === 'selector' ? node.excluded : [];
    return [
      ...own.map((one) => [one.group.name, printExclusion(one)]),
      ...operands(node).flatMap((operand) => excludedOf(operand)),
    ];
  };
  const expr = parseExpr('sum(rate(up{job="node"}[5m] @ 1500)) / x{job="y"}');
  const instant = { ...planTimes, endMs: planTimes.startMs, stepMs: 0 };
  t.same(excludedOf(planDistributed(expr, groups, instant)), [
    ['apps', 'its label job="app" does not match job="node"'],
    ['new', 'its time range begins at 1970-01-01T00:33:20.001Z'],
    ['a', 'none of its learned label values matches job="node"'],
    ['b', 'none of its learned label values matches job="node"'],
    ['scoped', 'its injected matcher job="batch" excludes job="node"'],
    ['nodes', 'its label_filter allows no value that matches job="y"'],
    ['apps', 'its label job="app" does not match job="y"'],
    ['new', 'its time range begins at 1970-01-01T00:33:20.001Z'],
    ['a', 'none of its learned label values matches job="y"'],
    ['scoped', 'its injected matcher job="batch" excludes job="y"'],
  ]);
});
