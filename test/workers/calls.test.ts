// The configuration as a message between processes.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import t from 'tap';

import { parseConfig } from '../../src/config/index.js';
import { Labels } from '../../src/model/index.js';
import { cloneable, fromClone } from '../../src/workers/calls.js';

t.test('a configuration with every section is the same after a structured clone', async (t) => {
  const text = readFileSync(resolve('config.example.yaml'), 'utf8');
  const rules =
    'groups: [{name: a, rules: [{alert: A, expr: up, annotations: {a: b}}, {record: r, expr: up, labels: {x: y}}]}]';
  const config = parseConfig(text, 'c.yaml', {
    ruleFiles: { glob: () => ['rules/a.yaml'], read: () => ({ text: rules }) },
  });
  const copy = fromClone(structuredClone(cloneable(config)));
  t.strictSame(copy, { ...config, warnings: [] });
  t.equal(copy.settings.ruleGroups[0]!.rules.length, 2);
  t.ok(copy.settings.externalLabels instanceof Labels);
  t.ok(copy.settings.serverGroups[0]!.labels instanceof Labels);
  t.ok(copy.settings.alerting.alertmanagers[0]!.targets[0]!.labels instanceof Labels);
  t.equal(copy.settings.externalLabels.get('source'), 'promfed');
});
