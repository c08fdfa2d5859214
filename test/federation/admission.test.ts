// Admission: requests start immediately, wait, or are rejected.

import { setTimeout as sleep } from 'node:timers/promises';

import t from 'tap';

import { Admission, type Admitted } from '../../src/federation/admission.js';
import { MemoryBudget } from '../../src/runtime/index.js';

const RESERVE = 2 << 20;

function admissionOf(
  requests: number,
  options: Partial<ConstructorParameters<typeof Admission>[0]> = {},
): Admission {
  const budget = new MemoryBudget({ budgetBytes: requests * RESERVE, perQueryBytes: requests * RESERVE });
  return new Admission({ budget, maxConcurrency: undefined, ...options });
}

const never = new AbortController().signal;

async function admit(admission: Admission, timeoutMs = 60_000, signal = never): Promise<Admitted> {
  return admission.admit(signal, timeoutMs);
}

t.test(
  'requests start immediately while there is memory, and then wait in the order of arrival',
  async (t) => {
    const admission = admissionOf(2);
    const first = admission.admit(never, 60_000);
    t.notOk(first instanceof Promise, 'a request that starts immediately does not wait for a promise');
    const second = await admit(admission);
    const order: number[] = [];
    const waiting = [3, 4, 5].map(async (n) => {
      const admitted = await admit(admission);
      order.push(n);
      return admitted;
    });
    t.same([admission.inFlight, admission.queued], [2, 3]);
    (first as Admitted).release();
    const third = await waiting[0]!;
    t.same(order, [3]);
    t.same([admission.inFlight, admission.queued], [2, 2]);
    second.release();
    third.release();
    for (const admitted of await Promise.all(waiting.slice(1))) admitted.release();
    t.same(order, [3, 4, 5]);
    t.same([admission.inFlight, admission.queued, admission.budget.heldBytes], [0, 0, 0]);
  },
);

t.test('more queries than --query.max-concurrency wait for a free slot', async (t) => {
  const admission = admissionOf(100, { maxConcurrency: 1 });
  const first = await admit(admission);
  const second = admit(admission);
  await t.rejects(admit(admission, 30), {
    code: 'timeout',
    message: 'query timed out while it waited for a free slot (limit 1, --query.max-concurrency)',
  });
  first.release();
  first.release();
  (await second).release();
  t.same([admission.inFlight, admission.queued, admission.budget.heldBytes], [0, 0, 0]);
});

t.test('a request that waits too long is rejected with the limit and the flag', async (t) => {
  const admission = admissionOf(1, { maxWaitMs: 20 });
  const first = await admit(admission);
  await t.rejects(admit(admission), {
    code: 'overloaded',
    message: `the query waited 20 ms for memory (limit ${RESERVE} bytes, --memory)`,
  });
  t.equal(admission.budget.rejections.queue_timeout, 1);
  t.equal(admission.queued, 0);
  first.release();
});

t.test('a full queue rejects requests immediately', async (t) => {
  const admission = admissionOf(1, { maxQueued: 1 });
  const first = await admit(admission);
  const second = admit(admission);
  await t.rejects(admit(admission), {
    code: 'overloaded',
    message: `1 requests already wait for memory (limit ${RESERVE} bytes, --memory)`,
  });
  t.equal(admission.budget.rejections.queue_full, 1);
  first.release();
  (await second).release();
});

t.test('a client that leaves leaves the queue', async (t) => {
  const admission = admissionOf(1);
  const first = await admit(admission);
  const client = new AbortController();
  const second = admit(admission, 60_000, client.signal);
  const third = admit(admission);
  client.abort();
  await t.rejects(second, { code: 'canceled' });
  t.equal(admission.queued, 1);
  await t.rejects(admit(admission, 60_000, AbortSignal.abort()), { code: 'canceled' });
  first.release();
  (await third).release();
  t.same([admission.inFlight, admission.queued, admission.budget.heldBytes], [0, 0, 0]);
});

t.test('no request overtakes the waiting ones', async (t) => {
  const admission = admissionOf(2);
  const first = await admit(admission);
  first.memory.reserve('samples', 2 * RESERVE);
  const second = admit(admission);
  first.memory.release('samples', 2 * RESERVE);
  const third = admit(admission);
  await sleep(5);
  t.equal(admission.queued, 2, 'there is memory now, and the third still waits behind the second');
  first.release();
  for (const admitted of await Promise.all([second, third])) admitted.release();
});

t.test('no request starts beside another one while the heap is nearly full', async (t) => {
  let isHeapFull = true;
  const admission = admissionOf(4, { isHeapFull: () => isHeapFull });
  const first = await admit(admission);
  await t.rejects(admit(admission), { code: 'overloaded', message: /^the JavaScript heap is nearly full/ });
  t.equal(admission.budget.rejections.heap, 1);
  first.release();
  (await admit(admission)).release();
  isHeapFull = false;
  const others = [await admit(admission), await admit(admission)];
  for (const other of others) other.release();
});
