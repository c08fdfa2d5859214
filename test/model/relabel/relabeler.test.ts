// Relabelling rules, applied to label sets. Source of the expected values: Prometheus' own implementation.

import t, { type Test } from 'tap';

import {
  DEFAULT_RELABEL,
  Labels,
  PromfedError,
  Relabeler,
  type RelabelSettings,
} from '../../../src/model/index.js';

type Rule = Partial<RelabelSettings>;

const relabel = (
  labels: Record<string, string>,
  rules: readonly Rule[],
): Record<string, string> | undefined =>
  new Relabeler(rules.map((rule) => ({ ...DEFAULT_RELABEL, ...rule })))
    .tryRelabel(Labels.from(labels))
    ?.toJSON();

interface Case {
  readonly name: string;
  readonly input: Record<string, string>;
  readonly rules: readonly Rule[];
  /** Undefined when the labels are dropped. */
  readonly expected: Record<string, string> | undefined;
}

function check(cases: readonly Case[]): (t: Test) => Promise<void> {
  return async (t) => {
    for (const { name, input, rules, expected } of cases) t.strictSame(relabel(input, rules), expected, name);
  };
}

const ABC = { a: 'foo', b: 'bar', c: 'baz' };

t.test(
  'replace sets a label to the expanded replacement',
  check([
    {
      name: 'a part of one value',
      input: ABC,
      rules: [{ sourceLabels: ['a'], regex: 'f(.*)', targetLabel: 'd', replacement: 'ch${1}-ch${1}' }],
      expected: { ...ABC, d: 'choo-choo' },
    },
    {
      name: 'joined values, in order',
      input: ABC,
      rules: [{ sourceLabels: ['a', 'b'], regex: '(.*);(.*)r', targetLabel: 'a', replacement: '$2$1' }],
      expected: { ...ABC, a: 'bafoo' },
    },
    {
      name: 'a separator of several characters, and a missing label',
      input: ABC,
      rules: [{ sourceLabels: ['a', 'none', 'b'], separator: '--', targetLabel: 'd' }],
      expected: { ...ABC, d: 'foo----bar' },
    },
    {
      name: 'no match changes nothing',
      input: ABC,
      rules: [{ sourceLabels: ['a'], regex: 'oo', targetLabel: 'd', replacement: 'x' }],
      expected: ABC,
    },
    {
      name: 'an empty result removes the label',
      input: ABC,
      rules: [{ sourceLabels: ['a'], targetLabel: 'a', replacement: '' }],
      expected: { b: 'bar', c: 'baz' },
    },
    {
      name: 'a constant without source labels',
      input: ABC,
      rules: [{ targetLabel: 'd', replacement: 'x' }],
      expected: { ...ABC, d: 'x' },
    },
    {
      name: 'a target that is expanded',
      input: { a: 'some-name-value' },
      rules: [
        { sourceLabels: ['a'], regex: 'some-([^-]+)-([^,]+)', targetLabel: '${1}', replacement: '${2}' },
      ],
      expected: { a: 'some-name-value', name: 'value' },
    },
    {
      name: 'a target that expands to the empty string changes nothing',
      input: ABC,
      rules: [{ sourceLabels: ['a'], regex: 'f(x)?.*', targetLabel: '${1}', replacement: 'x' }],
      expected: ABC,
    },
    {
      name: 'names of groups, a group that does not exist, and a dollar sign',
      input: ABC,
      rules: [
        {
          sourceLabels: ['a'],
          regex: '(?P<first>.)(?<rest>.*)',
          targetLabel: 'd',
          replacement: '$rest|${first}|$3|$first_x|$$1|$',
        },
      ],
      expected: { ...ABC, d: 'oo|f|||$1|$' },
    },
    {
      name: 'a dot matches a newline, and a class counts code points',
      input: { a: 'x\ny🙂' },
      rules: [{ sourceLabels: ['a'], regex: 'x.y(.)', targetLabel: 'd' }],
      expected: { a: 'x\ny🙂', d: '🙂' },
    },
    {
      name: 'UTF-8 label names',
      input: { 'größe.x': 'foo' },
      rules: [{ sourceLabels: ['größe.x'], targetLabel: 'ziel.名' }],
      expected: { 'größe.x': 'foo', 'ziel.名': 'foo' },
    },
    {
      name: 'rules apply one after the other',
      input: ABC,
      rules: [
        { sourceLabels: ['a'], targetLabel: 'b', replacement: '${1}1' },
        { sourceLabels: ['b'], targetLabel: 'c', replacement: '${1}2' },
      ],
      expected: { a: 'foo', b: 'foo1', c: 'foo12' },
    },
  ]),
);

t.test(
  'keep and drop decide by the regex, anchored at both ends',
  check([
    {
      name: 'keep',
      input: ABC,
      rules: [{ action: 'keep', sourceLabels: ['a'], regex: 'f.*' }],
      expected: ABC,
    },
    {
      name: 'keep without a match',
      input: ABC,
      rules: [{ action: 'keep', sourceLabels: ['a'], regex: 'fo' }],
      expected: undefined,
    },
    {
      name: 'drop',
      input: ABC,
      rules: [{ action: 'drop', sourceLabels: ['a'], regex: 'foo|bar' }],
      expected: undefined,
    },
    {
      name: 'drop without a match',
      input: ABC,
      rules: [{ action: 'drop', sourceLabels: ['a'], regex: '.*o.+x' }],
      expected: ABC,
    },
    {
      name: 'a missing label is the empty string',
      input: ABC,
      rules: [{ action: 'drop', sourceLabels: ['x'], regex: '' }],
      expected: undefined,
    },
    {
      name: 'later rules do not run after a drop',
      input: ABC,
      rules: [
        { action: 'drop', sourceLabels: ['a'] },
        { targetLabel: 'd', replacement: 'x' },
      ],
      expected: undefined,
    },
  ]),
);

t.test(
  'keepequal and dropequal compare with the target label',
  check([
    {
      name: 'keepequal',
      input: { a: '1', b: '1' },
      rules: [{ action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b' }],
      expected: { a: '1', b: '1' },
    },
    {
      name: 'keepequal, different',
      input: { a: '1', b: '2' },
      rules: [{ action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b' }],
      expected: undefined,
    },
    {
      name: 'dropequal',
      input: { a: '1', b: '1' },
      rules: [{ action: 'dropequal', sourceLabels: ['a'], targetLabel: 'b' }],
      expected: undefined,
    },
    {
      name: 'dropequal, different',
      input: { a: '1', b: '2' },
      rules: [{ action: 'dropequal', sourceLabels: ['a'], targetLabel: 'b' }],
      expected: { a: '1', b: '2' },
    },
    {
      name: 'two missing labels are equal',
      input: { a: '1' },
      rules: [{ action: 'dropequal', sourceLabels: ['x'], targetLabel: 'y' }],
      expected: undefined,
    },
  ]),
);

t.test(
  'hashmod takes the last eight bytes of the MD5 sum',
  check([
    {
      name: 'modulo 1000',
      input: ABC,
      rules: [{ action: 'hashmod', sourceLabels: ['c'], targetLabel: 'd', modulus: 1000 }],
      expected: { ...ABC, d: '976' },
    },
    {
      name: 'with a newline',
      input: { a: 'foo\nbar' },
      rules: [{ action: 'hashmod', sourceLabels: ['a'], targetLabel: 'b', modulus: 1000 }],
      expected: { a: 'foo\nbar', b: '734' },
    },
    {
      name: 'modulo 1',
      input: ABC,
      rules: [{ action: 'hashmod', sourceLabels: ['c'], targetLabel: 'd', modulus: 1 }],
      expected: { ...ABC, d: '0' },
    },
  ]),
);

t.test(
  'labelmap, labeldrop and labelkeep apply to names',
  check([
    {
      name: 'labelmap copies labels',
      input: { a: 'foo', b1: 'bar', b2: 'baz' },
      rules: [{ action: 'labelmap', regex: '(b.*)', replacement: 'bar_${1}' }],
      expected: { a: 'foo', b1: 'bar', b2: 'baz', bar_b1: 'bar', bar_b2: 'baz' },
    },
    {
      name: 'labelmap with a group',
      input: { a: 'foo', __meta_my_bar: 'aaa', __meta_my_baz: 'bbb' },
      rules: [{ action: 'labelmap', regex: '__meta_(my.*)' }],
      expected: { a: 'foo', __meta_my_bar: 'aaa', __meta_my_baz: 'bbb', my_bar: 'aaa', my_baz: 'bbb' },
    },
    {
      name: 'the last of the labels with one new name wins',
      input: { a1: '1', a2: '2', a3: '3' },
      rules: [{ action: 'labelmap', regex: 'a.', replacement: 'a1' }],
      expected: { a1: '3', a2: '2', a3: '3' },
    },
    {
      name: 'a changed label comes after the unchanged ones',
      input: { a1: '1', a2: '2' },
      rules: [
        { targetLabel: 'a1', replacement: 'new' },
        { action: 'labelmap', regex: 'a.', replacement: 'b' },
      ],
      expected: { a1: 'new', a2: '2', b: 'new' },
    },
    {
      name: 'labeldrop',
      input: { a: 'foo', b1: 'bar', b2: 'baz' },
      rules: [{ action: 'labeldrop', regex: 'b.*' }],
      expected: { a: 'foo' },
    },
    {
      name: 'labelkeep',
      input: { a: 'foo', b1: 'bar', b2: 'baz' },
      rules: [{ action: 'labelkeep', regex: 'b.*' }],
      expected: { b1: 'bar', b2: 'baz' },
    },
  ]),
);

t.test(
  'lowercase and uppercase change code points one by one',
  check([
    {
      name: 'ASCII',
      input: { a: 'bAr123Foo' },
      rules: [
        { action: 'lowercase', sourceLabels: ['a'], targetLabel: 'l' },
        { action: 'uppercase', sourceLabels: ['a'], targetLabel: 'u' },
      ],
      expected: { a: 'bAr123Foo', l: 'bar123foo', u: 'BAR123FOO' },
    },
    {
      name: 'letters without a simple upper case',
      input: { a: 'straße ﬁ ᾳ ᾀ ŉ' },
      rules: [{ action: 'uppercase', sourceLabels: ['a'], targetLabel: 'a' }],
      expected: { a: 'STRAßE ﬁ ᾼ ᾈ ŉ' },
    },
    {
      name: 'the sigma at the end of a word',
      input: { a: 'ΟΔΟΣ İ' },
      rules: [{ action: 'lowercase', sourceLabels: ['a'], targetLabel: 'a' }],
      expected: { a: 'οδοσ i' },
    },
  ]),
);

t.test('labels are not changed in place, and unchanged ones are returned as they are', async (t) => {
  const labels = Labels.from(ABC);
  const change = new Relabeler([{ ...DEFAULT_RELABEL, targetLabel: 'a', replacement: 'x' }]);
  t.equal(change.tryRelabel(labels)?.get('a'), 'x');
  t.equal(labels.get('a'), 'foo');
  t.equal(Relabeler.NONE.tryRelabel(labels), labels);
  t.equal(new Relabeler([{ ...DEFAULT_RELABEL, action: 'keep' }]).tryRelabel(labels), labels);
});

t.test('an invalid regex is an error with the text of Go', async (t) => {
  for (const action of ['replace', 'keep', 'labelmap', 'labeldrop'] as const) {
    t.throws(
      () => new Relabeler([{ ...DEFAULT_RELABEL, action, targetLabel: 'a', regex: 'a(' }]),
      new PromfedError('bad_data', 'error parsing regexp: missing closing ): `a(`'),
    );
  }
});
