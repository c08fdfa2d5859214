import t from 'tap';

import { RecordWatch } from '../../../src/rules/election/record-watch.js';
import { emptyRecord, type ElectionRecord } from '../../../src/rules/election/record.js';

function recordOf(
  lineage: string,
  revision: number,
  beats: Readonly<Record<string, number>>,
): ElectionRecord {
  const members = Object.entries(beats).map(
    ([id, beat]) => [id, { beat, leaseMs: 1_000, takes: true, groups: '' }] as const,
  );
  return { ...emptyRecord(lineage), revision, members: Object.fromEntries(members) };
}

t.test('a member ends a lease after its beat was read first', async (t) => {
  const watch = new RecordWatch();
  t.equal(watch.observe(recordOf('x', 1, { a: 1 }), 100), true);
  t.equal(watch.observe(recordOf('x', 2, { a: 1 }), 600), false);
  t.equal(watch.endOf('a', recordOf('x', 2, { a: 1 })), 1_100);
  watch.observe(recordOf('x', 3, { a: 2 }), 900);
  t.equal(watch.endOf('a', recordOf('x', 3, { a: 2 })), 1_900);
  t.equal(watch.endOf('b', recordOf('x', 3, { a: 2 })), -Infinity, 'it is no member');
});

t.test('after a loss of data all beats count as new, for the longest lease', async (t) => {
  for (const [lineage, revision] of [['y', 9] as const, ['x', 4] as const]) {
    const watch = new RecordWatch();
    watch.observe(recordOf('x', 5, { a: 7 }), 0);
    const record = recordOf(lineage, revision, { a: 7 });
    t.equal(watch.observe(record, 5_000), true);
    t.equal(watch.endOf('a', record), 6_000);
    t.equal(watch.untilCompleteMs(5_400, 300), 600);
  }
});
