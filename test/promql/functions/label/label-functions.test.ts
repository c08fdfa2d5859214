import t from 'tap';

import { Labels } from '../../../../src/model/index.js';
import {
  createLabelJoin,
  createLabelReplace,
  type MapLabels,
} from '../../../../src/promql/functions/index.js';
import { cpuTimeMs } from '../../../helpers/cpu-time.js';

const SERIES = Labels.from({ __name__: 'm', a: 'one-two', b: 'x' });

function labelReplace(dst: string, replacement: string, src: string, regex: string): MapLabels {
  return createLabelReplace({ dst, replacement, src, regex }, () => undefined);
}

function labelJoin(dst: string, separator: string, sources: readonly string[]): MapLabels {
  return createLabelJoin({ dst, separator, sources }, () => undefined);
}

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
    const map = labelReplace('dst', template, 'a', regex);
    t.equal(map(SERIES).get('dst'), expected, `${template} of ${regex}`);
  }
});

t.test('the pattern must match the whole value, newlines included', async (t) => {
  t.equal(labelReplace('b', 'y', 'a', 'one')(SERIES), SERIES, 'labels stay unchanged without a match');
  t.equal(labelReplace('b', 'y', 'a', 'two|one.*')(SERIES).get('b'), 'y');
  const lines = Labels.from({ a: 'one\ntwo' });
  t.equal(labelReplace('b', '$1', 'a', '.*\n?(two)')(lines).get('b'), 'two');
});

t.test('an empty result removes the label', async (t) => {
  t.same(labelReplace('b', '', 'a', '.*')(SERIES).names(), ['__name__', 'a']);
  t.same(labelJoin('b', '', ['nothing'])(SERIES).names(), ['__name__', 'a']);
});

t.test("an invalid regex or label name is rejected with Prometheus' text", async (t) => {
  const assertRejected = (regex: string): void => {
    t.throws(() => labelReplace('x', '', 'a', regex), {
      code: 'execution',
      message: `invalid regular expression in label_replace(): ${regex}`,
    });
  };
  for (const regex of ['(', ')', 'a)(b', '*', '(?=x)', '\\1', '[z-a]']) assertRejected(regex);
  t.throws(() => labelReplace('', '', 'a', ''), {
    message: 'invalid destination label name in label_replace(): ',
  });
  t.throws(() => labelJoin('x', '', ['']), { message: 'invalid source label name in label_join(): ' });
});

t.test('nested repetitions take linear time', async (t) => {
  const map = labelReplace('x', '$1', 'a', '((a+)+)+b?c');
  const tookMs = cpuTimeMs(() => {
    t.equal(map(Labels.from({ a: 'a'.repeat(5000) })).get('x'), '');
  });
  t.ok(tookMs < 2000, `${tookMs} ms`);
});

t.test('label_join joins values in the order of its arguments', async (t) => {
  t.equal(labelJoin('c', '/', ['b', 'a', 'nothing', 'b'])(SERIES).get('c'), 'x/one-two//x');
});
