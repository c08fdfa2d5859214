// The checks of relabelling rules. Source of the texts: Prometheus, model/relabel/relabel.go (`Config.Validate`).

import t from 'tap';

import { parseConfig } from '../../src/config/index.js';
import type { RelabelSettings } from '../../src/model/index.js';

const parse = (rule: string): readonly RelabelSettings[] =>
  parseConfig(`alerting: {alert_relabel_configs: [${rule}]}`, 'c.yaml').settings.alerting.relabel;

function errorOf(rule: string): string {
  try {
    parse(rule);
    return 'accepted';
  } catch (error) {
    return (error as Error).message
      .replaceAll('alerting.alert_relabel_configs[0]', 'X')
      .replace(/^c.yaml:\S+ /gm, '');
  }
}

t.test('missing keys have the defaults of Prometheus', async (t) => {
  t.strictSame(parse('{target_label: a}'), [
    {
      action: 'replace',
      sourceLabels: [],
      separator: ';',
      regex: '(.*)',
      modulus: 0,
      targetLabel: 'a',
      replacement: '$1',
    },
  ]);
});

t.test('every key is read, and the action in any case', async (t) => {
  t.strictSame(
    parse(
      '{action: HashMod, source_labels: [a, "b.c"], separator: "", regex: 1, modulus: 8, target_label: d, replacement: 0x1}',
    ),
    [
      {
        action: 'hashmod',
        sourceLabels: ['a', 'b.c'],
        separator: '',
        regex: '1',
        modulus: 8,
        targetLabel: 'd',
        replacement: '0x1',
      },
    ],
  );
});

t.test('an empty value of a text is the empty string', async (t) => {
  t.match(parse('{target_label: a, replacement: , separator: , regex: }'), [
    { replacement: '', separator: '', regex: '' },
  ]);
});

t.test('invalid rules are reported', async (t) => {
  const cases: { rule: string; expected: string }[] = [
    {
      rule: '{}',
      expected: "X: relabel configuration for replace action requires 'target_label' value",
    },
    {
      rule: '{action: lowercase}',
      expected: "X: relabel configuration for lowercase action requires 'target_label' value",
    },
    {
      rule: '{action: keepequal}',
      expected: "X: relabel configuration for keepequal action requires 'target_label' value",
    },
    {
      rule: '{action: hashmod, target_label: a}',
      expected: 'X: relabel configuration for hashmod requires non-zero modulus',
    },
    {
      rule: '{action: hashmod, target_label: a, modulus: -1}',
      expected: 'X.modulus: must be at least 0; got -1',
    },
    {
      rule: '{action: uppercase, target_label: a, replacement: x}',
      expected: "X: 'replacement' can not be set for uppercase action",
    },
    {
      rule: '{action: labelmap, replacement: ""}',
      expected: 'X: "" is invalid \'replacement\' for labelmap action',
    },
    {
      rule: '{action: dropequal, target_label: a, regex: x}',
      expected: "X: dropequal action requires only 'source_labels' and `target_label`, and no other fields",
    },
    {
      rule: '{action: labeldrop, source_labels: [a]}',
      expected: "X: labeldrop action requires only 'regex', and no other fields",
    },
    {
      rule: '{action: labelkeep, target_label: a}',
      expected: "X: labelkeep action requires only 'regex', and no other fields",
    },
    {
      rule: '{action: drop, regex: "a("}',
      expected: 'X.regex: error parsing regexp: missing closing ): `a(`',
    },
    {
      rule: '{action: remove}',
      expected:
        'X.action: must be one of replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase; got "remove"',
    },
    { rule: '{source_label: [a]}', expected: 'X: unknown key "source_label"; did you mean "source_labels"?' },
    { rule: '{action: keep}', expected: 'accepted' },
    { rule: '{target_label: "$1.${a}"}', expected: 'accepted' },
  ];
  for (const { rule, expected } of cases) t.equal(errorOf(rule), expected, rule);
});
