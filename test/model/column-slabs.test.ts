// Columns in shared buffers do not overlap.

import t from 'tap';

import { ColumnSlabs } from '../../src/model/column-slabs.js';
import { Labels } from '../../src/model/index.js';

for (const count of [1, 2, 241, 11_000]) {
  t.test(`columns of ${count} steps start empty and do not overlap`, async (t) => {
    const slabs = new ColumnSlabs(count);
    const labels = Array.from({ length: 200 }, (_, i) => Labels.from({ i: String(i) }));
    const columns = labels.map((one) => slabs.create(one));
    for (const [i, { values, present }] of columns.entries()) {
      t.equal(values.length, count);
      t.equal(present.length, count);
      t.notOk(values.some((value) => value !== 0) || present.includes(1));
      values.fill(i + 1);
      present.fill(1);
    }
    for (const [i, column] of columns.entries()) {
      t.equal(column.labels, labels[i]);
      t.ok(column.values.every((value) => value === i + 1));
    }
  });
}

t.test('slabs grow from one column and stay within 64 KiB', async (t) => {
  const first = new ColumnSlabs(1).create(Labels.EMPTY);
  t.equal(first.values.buffer.byteLength, 8);
  const slabs = new ColumnSlabs(241);
  for (let i = 0; i < 1000; i++) {
    const { values, present } = slabs.create(Labels.EMPTY);
    t.ok(values.buffer.byteLength + present.buffer.byteLength <= 64 << 10);
  }
});
