import t from 'tap';

import { Labels } from '../../../../src/model/index.js';
import { createLabelJoin, createLabelReplace } from '../../../../src/promql/functions/index.js';
import { cpuTimeMs } from '../../../helpers/cpu-time.js';

const SERIES = Labels.from({ __name__: 'm', a: 'one-two', b: 'x' });

t.test('a replacement expands as in Go', async (t) => {
  const cases: readonly (readonly [template: string, regex: string, expected: string])[] = [
    ['$1', '(.*)-(.*)', 'one'],
    ['$2$1', '(.*)-(.*)', 'twoone'],
    ['$1x', '(.*)-(.*)', ''],
    ['${1}x', '(.*)-(.*)', 'onex'],
    ['$0', '.*', 'one-two'],
    ['$9', '(.*)', ''],
    ['$01', '(.*)-.*', ''],
    ['$$1', '(.*)', '$1'],
    ['$', '(.*)', '$'],
    ['a$-b', '(.*)', 'a$-b'],
    ['${1', '(.*)', '${1'],
    ['${}', '(.*)', '${}'],
    ['$name', '(?P<name>one).*', 'one'],
    ['$name', '(?<name>one).*', 'one'],
    ['[$other]', '(?P<name>one).*', '[]'],
    ['$1', '(x)?one-two', ''],
    ['$é1', '(?P<n>.*)', ''],
    ['plain', '.*', 'plain'],
  ];
  for (const [template, regex, expected] of cases) {
    const map = createLabelReplace('dst', template, 'a', regex);
    t.equal(map(SERIES).get('dst'), expected, `${template} of ${regex}`);
  }
});

t.test('the pattern must match the whole value, newlines included', async (t) => {
  t.equal(createLabelReplace('b', 'y', 'a', 'one')(SERIES), SERIES, 'labels stay unchanged without a match');
  t.equal(createLabelReplace('b', 'y', 'a', 'two|one.*')(SERIES).get('b'), 'y');
  const lines = Labels.from({ a: 'one\ntwo' });
  t.equal(createLabelReplace('b', '$1', 'a', '.*\n?(two)')(lines).get('b'), 'two');
});

t.test('an empty result removes the label', async (t) => {
  t.same(createLabelReplace('b', '', 'a', '.*')(SERIES).names(), ['__name__', 'a']);
  t.same(createLabelJoin('b', '', ['nothing'])(SERIES).names(), ['__name__', 'a']);
});

t.test("an invalid regex or label name is rejected with Prometheus' text", async (t) => {
  const assertRejected = (regex: string): void => {
    t.throws(() => createLabelReplace('x', '', 'a', regex), {
      code: 'execution',
      message: `invalid regular expression in label_replace(): ${regex}`,
    });
  };
  for (const regex of ['(', ')', 'a)(b', '*', '(?=x)', '\\1', '[z-a]']) assertRejected(regex);
  t.throws(() => createLabelReplace('', '', 'a', ''), {
    message: 'invalid destination label name in label_replace(): ',
  });
  t.throws(() => createLabelJoin('x', '', ['']), { message: 'invalid source label name in label_join(): ' });
});

t.test('nested repetitions take linear time', async (t) => {
  const map = createLabelReplace('x', '$1', 'a', '((a+)+)+b?c');
  const tookMs = cpuTimeMs(() => {
    t.equal(map(Labels.from({ a: 'a'.repeat(5000) })).get('x'), '');
  });
  t.ok(tookMs < 2000, `${tookMs} ms`);
});

t.test('label_join joins values in the order of its arguments', async (t) => {
  t.equal(createLabelJoin('c', '/', ['b', 'a', 'nothing', 'b'])(SERIES).get('c'), 'x/one-two//x');
});
