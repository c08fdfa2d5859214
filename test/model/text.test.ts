import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import t from 'tap';

import { cutText, Labels } from '../../src/model/index.js';

t.test('a text is cut to a number of characters and an ellipsis', async (t) => {
  t.equal(cutText('abc', 3), 'abc');
  t.equal(cutText('abcd', 3), 'abc…');
});

t.test('a cut text does not keep the whole one', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const kept: string[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 20; i++) kept.push(cutText(Buffer.alloc(2 << 20, 97 + i).toString('latin1'), 1000));
  collect();
  t.ok(process.memoryUsage().heapUsed - before < 4 << 20, 'less than two of twenty texts are kept');
  t.equal(kept.length, 20);
});

t.test('labels are cut in messages', async (t) => {
  t.equal(Labels.from({ __name__: 'm', a: 'x' }).toString(), 'm{a="x"}');
  t.equal(Labels.from({ a: 'x'.repeat(2000) }).toString(), `{a="${'x'.repeat(1000)}…"}`);
  const many = Labels.from(Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`l${i}`, 'x'])));
  t.match(many.toString(), /^\{l0="x", l1="x", .*, …\}$/);
  t.ok(many.toString().length < 2000);
});
