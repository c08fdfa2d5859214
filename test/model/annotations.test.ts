import t from 'tap';

import { Annotations } from '../../src/model/index.js';

t.test('an annotation without a position is dropped when the same one has a position', async (t) => {
  const annotations = new Annotations();
  annotations.info('PromQL info: metric might not be a counter: "x"');
  annotations.info('PromQL info: metric might not be a counter: "y"');
  annotations.info('PromQL info: metric might not be a counter: "x" (1:6)');
  annotations.info('PromQL info: metric might not be a counter: "x" (2:6)');
  t.same(annotations.infos, [
    'PromQL info: metric might not be a counter: "y"',
    'PromQL info: metric might not be a counter: "x" (1:6)',
    'PromQL info: metric might not be a counter: "x" (2:6)',
  ]);
  annotations.notice('PromQL warning: bad bucket');
  annotations.notice('server group "a" is missing (1:2)');
  annotations.warn('PromQL warning: bad bucket (3:4)');
  t.same(annotations.warnings, ['server group "a" is missing (1:2)', 'PromQL warning: bad bucket (3:4)']);
});

t.test('up to ten warnings are printed, and all notices', async (t) => {
  const annotations = new Annotations();
  for (let i = 0; i < 12; i++) {
    annotations.notice(`notice ${i}`);
    annotations.warn(`warning ${i}`);
  }
  t.equal(annotations.warnings.length, 12 + 10 + 1);
  t.equal(annotations.warnings.at(-1), '2 more warning annotations omitted');
});

t.test('warnings of regions are limited, and never replace a notice', async (t) => {
  const annotations = new Annotations();
  for (let i = 0; i < 1500; i++) annotations.regionWarning(`warning ${i % 1200}`);
  annotations.notice('server group "a" is missing');
  t.equal(annotations.warnings.length, 1000 + 1 + 1);
  t.equal(annotations.warnings.at(-2), 'server group "a" is missing');
  t.equal(annotations.warnings.at(-1), '200 more warnings of regions omitted');
  const long = new Annotations();
  for (let i = 0; i < 20; i++) long.regionWarning(`${i} ${'x'.repeat(100_000)}`);
  t.equal(long.warnings.length, 10 + 1);
});
