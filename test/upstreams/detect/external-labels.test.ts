// External labels: how they are read from a configuration, and removed from the series of remote read.

import t from 'tap';

import { Labels, type Matcher } from '../../../src/model/index.js';
import { ExternalLabels } from '../../../src/upstreams/api/external-labels.js';
import { configText, parseExternalLabels } from '../../../src/upstreams/detect/external-labels-of.js';

t.test('external labels of a configuration', async (t) => {
  const cases: [yaml: string, expected: Record<string, string>][] = [
    ['', {}],
    ['scrape_configs:\n- job_name: external_labels\n', {}],
    ['global:\n  scrape_interval: 1m\nruntime:\n  gogc: 75\n', {}],
    [
      'global:\n  external_labels:\n    cluster: c1\n    region: eu\nruntime:\n  gogc: 75\n',
      { cluster: 'c1', region: 'eu' },
    ],
    [
      'global:\n  external_labels:\n    a: "1"\n    b: 010\n    c: yes\n    d: \'x: y\'\n',
      { a: '1', b: '010', c: 'yes', d: 'x: y' },
    ],
    ['global:\n  external_labels:\n    a: "line\\nbreak ✓"\n  scrape_interval: 1m', { a: 'line\nbreak ✓' }],
    ['rule_files:\n- x\nglobal:\n  external_labels: {a: b}\n\nscrape_configs: []\n', { a: 'b' }],
    ['global:\n  external_labels: {}\n', {}],
  ];
  for (const [yaml, expected] of cases) t.same((await parseExternalLabels(yaml)).toJSON(), expected, yaml);
  for (const invalid of [
    'global:\n  external_labels: [a]\n',
    'global:\n  external_labels:\n    a: [b]\n',
    'global:\n  external_labels: {\n',
  ]) {
    await t.rejects(parseExternalLabels(invalid), { code: 'upstream' }, invalid);
  }
  t.equal(configText({ yaml: 'x' }), 'x');
  for (const data of [null, {}, { yaml: 1 }]) t.throws(() => configText(data), { code: 'upstream' });
});

t.test('each series belongs to one query, whose added labels are removed', async (t) => {
  const external = new ExternalLabels(Labels.from({ a: '1.5', b: '2' }));
  const name: Matcher = { name: '__name__', op: '=', value: 'x' };
  const queries = external.queries([
    name,
    { name: 'a', op: '=', value: '1.5' },
    { name: 'b', op: '!=', value: '3' },
  ]);
  const rewritten = [name, { name: 'a', op: '=~', value: '1\\.5' }, { name: 'b', op: '!=', value: '3' }];
  const empty = (label: string, op: '=' | '!='): Matcher => ({ name: label, op, value: '' });
  t.same(queries, [
    [...rewritten, empty('a', '='), empty('b', '=')],
    [...rewritten, empty('a', '!='), empty('b', '=')],
    [...rewritten, empty('a', '='), empty('b', '!=')],
    [...rewritten, empty('a', '!='), empty('b', '!=')],
  ]);
  const both = Labels.from({ __name__: 'x', a: '1.5', b: '2' });
  t.same(
    queries.map((_, i) => external.original(both, i).toJSON()),
    [{ __name__: 'x' }, { __name__: 'x', a: '1.5' }, { __name__: 'x', b: '2' }, both.toJSON()],
  );
  t.throws(() => external.original(Labels.from({ a: 'new', b: '2' }), 0), {
    code: 'upstream',
    message: /the external label a has changed/,
  });
  t.same(new ExternalLabels(Labels.EMPTY).queries([name]), [[name]]);
});
