// Overlapping label sets.

import fc from 'fast-check';
import t from 'tap';

import { overlappingPairs } from '../../../src/config/groups/overlapping.js';
import { Labels } from '../../../src/model/index.js';

const pairsOf = (sets: Record<string, string>[], limit = 100): [number, number][] =>
  overlappingPairs(
    sets.map((set) => Labels.from(set)),
    limit,
  );

t.test('two sets overlap unless a label has different values in both', async (t) => {
  const cases: { name: string; sets: Record<string, string>[]; expected: [number, number][] }[] = [
    { name: 'none', sets: [], expected: [] },
    { name: 'one', sets: [{}], expected: [] },
    { name: 'no labels', sets: [{}, {}], expected: [[0, 1]] },
    { name: 'different values', sets: [{ a: '1' }, { a: '2' }], expected: [] },
    { name: 'equal values', sets: [{ a: '1' }, { a: '1' }], expected: [[0, 1]] },
    { name: 'different names', sets: [{ a: '1' }, { b: '2' }], expected: [[0, 1]] },
    {
      name: 'a second label',
      sets: [
        { a: '1', b: '1' },
        { a: '1', b: '2' },
      ],
      expected: [],
    },
    {
      name: 'a label that one lacks',
      sets: [{ a: '1', b: '1' }, { a: '1' }, { a: '2' }],
      expected: [[0, 1]],
    },
    {
      name: 'each pair by another label',
      sets: [
        { a: '1', b: '1' },
        { a: '2', c: '1' },
        { b: '2', c: '2' },
      ],
      expected: [],
    },
  ];
  for (const { name, sets, expected } of cases) t.same(pairsOf(sets), expected, name);
});

t.test('the result equals that of comparing every pair', async () => {
  const set = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2', '3'));
  fc.assert(
    fc.property(fc.array(set, { maxLength: 8 }), (sets) => {
      const expected: [number, number][] = [];
      for (const [i, a] of sets.entries()) {
        for (const [j, b] of sets.entries()) {
          const apart = Object.keys(a).some((name) => b[name] !== undefined && a[name] !== b[name]);
          if (i < j && !apart) expected.push([i, j]);
        }
      }
      return JSON.stringify(pairsOf(sets)) === JSON.stringify(expected);
    }),
  );
});

t.test('the number of pairs is limited', async (t) => {
  const sets = Array.from({ length: 1000 }, () => ({}));
  t.equal(pairsOf(sets, 10).length, 10);
});
