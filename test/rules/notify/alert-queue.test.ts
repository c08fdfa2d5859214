import t from 'tap';

import { AlertQueue } from '../../../src/rules/notify/alert-queue.js';
import type { OutgoingAlert } from '../../../src/rules/ports.js';
import { alert, numberedAlerts } from './settings.js';

const MANY = { alerts: 1000, bytes: Infinity };
const names = (alerts: readonly OutgoingAlert[]): string[] =>
  alerts.map(({ labels }) => labels.get('alertname'));

t.test('a queue returns alerts in order, in batches', (t) => {
  const queue = new AlertQueue({ alerts: 10, bytes: Infinity });
  t.equal(queue.add(numberedAlerts(3)), 0);
  t.equal(queue.add(numberedAlerts(2, 3)), 0);
  t.equal(queue.length, 5);
  t.strictSame(names(queue.take({ alerts: 2, bytes: Infinity })), ['a0', 'a1']);
  t.strictSame(names(queue.take(MANY)), ['a2', 'a3', 'a4']);
  t.strictSame(queue.take(MANY), []);
  t.equal(queue.length, 0);
  t.end();
});

t.test('a full queue drops the oldest alerts', (t) => {
  const cases: { name: string; adds: number[]; dropped: number[]; left: string[] }[] = [
    { name: 'exactly full', adds: [2, 1], dropped: [0, 0], left: ['a0', 'a1', 'a2'] },
    { name: 'one too many', adds: [2, 2], dropped: [0, 1], left: ['a1', 'a2', 'a3'] },
    { name: 'more than the capacity at once', adds: [1, 5], dropped: [0, 3], left: ['a3', 'a4', 'a5'] },
  ];
  for (const { name, adds, dropped, left } of cases) {
    const queue = new AlertQueue({ alerts: 3, bytes: Infinity });
    let from = 0;
    const results = adds.map((count) => {
      const result = queue.add(numberedAlerts(count, from));
      from += count;
      return result;
    });
    t.strictSame(results, dropped, name);
    t.strictSame(names(queue.take(MANY)), left, name);
  }
  t.end();
});

t.test('the size of alerts is limited too', (t) => {
  const huge = alert('huge', { annotations: [['text', 'x'.repeat(10_000)]] });
  const queue = new AlertQueue({ alerts: 100, bytes: 25_000 });
  t.equal(queue.add([huge, huge]), 0);
  t.equal(queue.add([alert('small')]), 0);
  t.equal(queue.add([huge]), 1, 'the oldest one is dropped');
  t.strictSame(names(queue.take({ alerts: 100, bytes: 12_000 })), ['huge', 'small']);
  t.strictSame(names(queue.take({ alerts: 100, bytes: 1 })), ['huge'], 'a batch has at least one alert');
  t.equal(queue.add([alert('larger', { annotations: [['text', 'x'.repeat(30_000)]] })]), 1);
  t.equal(queue.length, 0, 'an alert that is larger than the queue is dropped');
  t.equal(queue.add([huge, huge]), 0, 'the size of removed alerts does not count');
  t.equal(queue.clear(), 2);
  t.equal(queue.add([huge, huge]), 0);
  t.end();
});
