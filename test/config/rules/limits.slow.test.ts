// The limits on rule files.

import t from 'tap';

import { parseConfig } from '../../../src/config/index.js';

function errorOf(files: Readonly<Record<string, string>>): string {
  try {
    parseConfig('rule_files: ["*"]', '/etc/c.yaml', {
      ruleFiles: { glob: () => Object.keys(files), read: (path) => ({ text: files[path]! }) },
    });
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
}

t.test('the number of files and rules is limited', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`/etc/${i}.yaml`, '']));
  t.match(errorOf(many), 'rule_files: 10001 files match; at most 10000 are allowed');
  const rules = Array.from({ length: 2000 }, (_, i) => `{alert: A${i}, expr: a}`).join(', ');
  const files = Object.fromEntries(
    Array.from({ length: 51 }, (_, i) => [`/etc/${i}.yaml`, `groups: [{name: g, rules: [${rules}]}]`]),
  );
  t.match(errorOf(files), 'too many rules: at most 100000 are allowed');
});
