// The units of a backfill: which groups are evaluated together, and in which order.

import t from 'tap';

import type { RuleGroupSettings } from '../../../src/config/index.js';
import { createUnits, unselectedReads } from '../../../src/rules/backfill/rule-units.js';

const OPTIONS = {
  ruleNames: [],
  features: new Set<never>(),
  defaultStepMs: 60_000,
  lookbackDeltaMs: undefined,
};

function group(name: string, rules: Readonly<Record<string, string>>): RuleGroupSettings {
  return {
    name,
    file: 'rules.yaml',
    intervalMs: 60_000,
    limit: 0,
    queryOffsetMs: 0,
    partialResponse: undefined,
    rules: Object.entries(rules).map(([record, expr]) => ({
      kind: 'recording',
      name: record,
      expr,
      labels: [],
    })),
  };
}

interface Case {
  readonly name: string;
  readonly groups: readonly RuleGroupSettings[];
  /** The rules of each unit. */
  readonly units: readonly (readonly string[])[];
  readonly isStepwise?: boolean;
  readonly readsBackMs?: number;
}

const cases: readonly Case[] = [
  {
    name: 'independent groups are units of their own',
    groups: [group('one', { a: 'x', b: 'y' }), group('two', { c: 'x' })],
    units: [['a', 'b'], ['c']],
  },
  {
    name: 'a rule follows those of other groups that it reads',
    groups: [group('one', { a: 'sum(c)' }), group('two', { b: 'x' }), group('three', { c: 'x' })],
    units: [['c', 'a'], ['b']],
    readsBackMs: 300_000,
  },
  {
    name: 'ranges and offsets are read back',
    groups: [group('one', { a: 'x', b: 'max_over_time(a[10m] offset 5m)', c: 'avg_over_time(b[2m:1m])' })],
    units: [['a', 'b', 'c']],
    readsBackMs: 900_000,
  },
  {
    name: 'a fixed time has no limit',
    groups: [group('one', { a: 'x', b: 'a @ 1000' })],
    units: [['a', 'b']],
    readsBackMs: Infinity,
  },
  {
    name: 'a rule that reads its own results is evaluated step by step',
    groups: [group('one', { a: 'x + a' })],
    units: [['a']],
    isStepwise: true,
    readsBackMs: 300_000,
  },
  {
    name: 'a rule that reads a later one of its group is evaluated step by step in the order of the file',
    groups: [group('one', { a: 'sum(b)', b: 'x' })],
    units: [['a', 'b']],
    isStepwise: true,
    readsBackMs: 300_000,
  },
  {
    name: 'a cycle of groups is evaluated step by step',
    groups: [group('one', { a: 'sum(b)' }), group('two', { b: 'sum(a)' })],
    units: [['a', 'b']],
    isStepwise: true,
    readsBackMs: 300_000,
  },
  {
    name: 'start() and end() are those of a single evaluation',
    groups: [group('one', { a: 'x @ start()' })],
    units: [['a']],
    isStepwise: true,
  },
  {
    name: 'results in the future are not visible',
    groups: [group('one', { a: 'x', b: 'a offset -5m' })],
    units: [['a', 'b']],
    isStepwise: true,
  },
];

for (const { name, groups, units, isStepwise = false, readsBackMs = 0 } of cases) {
  t.test(name, async (t) => {
    const created = createUnits(groups, OPTIONS);
    t.strictSame(
      created.map(({ rules }) => rules.map(({ rule }) => rule.name)),
      units,
    );
    t.equal(created[0]!.isStepwise, isStepwise);
    t.equal(created[0]!.readsBackMs, readsBackMs);
  });
}

t.test('samples have the times of the slots, less the query offset', async (t) => {
  const [plain] = createUnits([group('one', { a: 'x' })], OPTIONS);
  const [offset] = createUnits([{ ...group('one', { a: 'x' }), queryOffsetMs: 30_000 }], OPTIONS);
  t.equal(offset!.rules[0]!.offsetMs, plain!.rules[0]!.offsetMs - 30_000);
});

t.test('rules are selected by name', async (t) => {
  const groups = [group('one', { a: 'x', b: 'a + c', c: 'x' })];
  const options = { ...OPTIONS, ruleNames: ['b', 'c'] };
  t.strictSame(
    createUnits(groups, options).map(({ rules }) => rules.map(({ rule }) => rule.name)),
    [['b', 'c']],
  );
  t.strictSame(unselectedReads(groups, options), [{ reader: 'b', read: 'a' }]);
});

t.test('many rules', async (t) => {
  const names = Array.from({ length: 20_000 }, (_, i) => `r${i}`);
  const one = createUnits([group('one', Object.fromEntries(names.map((name) => [name, 'x'])))], OPTIONS);
  t.strictSame(
    one.map(({ rules }) => rules.length),
    [20_000],
  );
  const groups = names.map((name, i) => group(name, { [name]: i % 2 === 0 ? 'x' : `r${i - 1}` }));
  t.equal(createUnits(groups, OPTIONS).length, 10_000);
});
