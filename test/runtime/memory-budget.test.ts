// The memory budget: limits, rejections, and that every reservation is returned.

import fc from 'fast-check';
import t from 'tap';

import type { PromfedError } from '../../src/model/index.js';
import { MemoryBudget, SampleBudget, type MemoryUse } from '../../src/runtime/index.js';

const USES: readonly MemoryUse[] = [
  'upstream responses',
  'samples',
  'series',
  'sorting',
  'merging',
  'metadata',
];

function codeOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (thrown) {
    return (thrown as PromfedError).code;
  }
}

t.test('an account is charged only for bytes beyond its initial reservation', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 1000 });
  const memory = budget.tryOpen(100)!;
  t.equal(budget.heldBytes, 100);
  memory.reserve('samples', 60);
  t.equal(budget.heldBytes, 100);
  memory.reserve('series', 60);
  t.equal(budget.heldBytes, 120);
  memory.release('samples', 60);
  t.equal(budget.heldBytes, 100);
  t.same([memory.heldBytes, memory.peakBytes], [60, 120]);
  memory.close();
  t.equal(budget.heldBytes, 0);
});

t.test('no account is opened when the initial reservation is not available', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 250, perQueryBytes: 250 });
  const first = budget.tryOpen(100);
  const second = budget.tryOpen(100);
  t.ok(first);
  t.ok(second);
  t.equal(budget.tryOpen(100), undefined);
  first!.close();
  t.ok(budget.tryOpen(100));
});

t.test('a query beyond its limit fails with the limit, the flag and the largest use', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 500 });
  const memory = budget.tryOpen(0)!;
  memory.reserve('samples', 300);
  memory.reserve('series', 100);
  t.throws(
    () => {
      memory.reserve('metadata', 101);
    },
    {
      code: 'memory',
      status: 422,
      errorType: 'execution',
      message:
        'query memory limit exceeded: the query needs more than 500 bytes, mainly for samples; ' +
        'narrow the query or raise --query.max-memory',
    },
  );
  t.equal(memory.heldBytes, 400, 'the rejected bytes are not reserved');
  t.equal(budget.heldBytes, 400);
  t.equal(budget.rejections.query_memory, 1);
  memory.reserve('metadata', 100);
  t.equal(memory.heldBytes, 500, 'the limit is inclusive');
});

t.test('a query beyond the budget of all queries fails as overloaded and may be retried', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 900 });
  const one = budget.tryOpen(10)!;
  const other = budget.tryOpen(10)!;
  one.reserve('samples', 800);
  t.throws(
    () => {
      other.reserve('merging', 201);
    },
    {
      code: 'overloaded',
      status: 503,
      message:
        'process memory limit exceeded: all queries together need more than 1000 bytes; ' +
        'this query holds 0 of them, mainly for merging; try again later or raise --memory',
    },
  );
  t.equal(budget.rejections.process_memory, 1);
  one.close();
  other.reserve('merging', 201);
  t.equal(budget.heldBytes, 201);
});

t.test('a closed account rejects reservations and returns its bytes only once', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 1000 });
  const memory = budget.tryOpen(100)!;
  memory.reserve('samples', 300);
  memory.close();
  memory.close();
  memory.release('samples', 300);
  t.equal(budget.heldBytes, 0);
  t.throws(
    () => {
      memory.reserve('samples', 1);
    },
    { code: 'canceled' },
  );
  t.equal(budget.heldBytes, 0);
});

t.test('a renewed account starts with nothing held', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 100, perQueryBytes: 100 });
  const first = budget.tryOpen(60)!;
  first.reserve('samples', 90);
  const second = first.renew();
  first.release('samples', 90);
  t.equal(second.heldBytes, 0);
  t.equal(budget.heldBytes, 60);
  second.close();
  t.equal(budget.heldBytes, 0);
});

t.test(
  'for any sequence of calls the budget is the sum of its accounts, stays within its limits and ends at zero',
  async (t) => {
    const step = fc.record({
      account: fc.nat(3),
      use: fc.constantFrom(...USES),
      bytes: fc.nat(400),
      action: fc.constantFrom('reserve', 'reserve', 'release', 'close', 'renew'),
    });
    t.doesNotThrow(() => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          const initialBytes = 50;
          const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 600 });
          const accounts = [0, 1, 2, 3].map(() => ({
            memory: budget.tryOpen(initialBytes)!,
            held: 0,
            open: true,
          }));
          const reserved = accounts.map(() => new Map<MemoryUse, number>());
          for (const { account, use, bytes, action } of steps) {
            const one = accounts[account]!;
            const uses = reserved[account]!;
            if (action === 'reserve') {
              const code = codeOf(() => {
                one.memory.reserve(use, bytes);
              });
              if (code === undefined) uses.set(use, (uses.get(use) ?? 0) + bytes);
              if (!one.open && code !== 'canceled') return false;
            } else if (action === 'release') {
              const some = Math.min(bytes, uses.get(use) ?? 0);
              one.memory.release(use, some);
              uses.set(use, (uses.get(use) ?? 0) - some);
            } else {
              uses.clear();
              if (action === 'renew' && one.open) one.memory = one.memory.renew();
              else {
                one.memory.close();
                one.open = false;
              }
            }
            const held = reserved.map((all) => [...all.values()].reduce((sum, bytes) => sum + bytes, 0));
            const sum = held.reduce(
              (total, bytes, i) => total + (accounts[i]!.open ? Math.max(initialBytes, bytes) : 0),
              0,
            );
            if (budget.heldBytes !== sum || sum > 1000 || held.some((bytes) => bytes > 600)) return false;
          }
          for (const { memory } of accounts) memory.close();
          return budget.heldBytes === 0;
        }),
      );
    });
  },
);

t.test('samples reserve bytes by their kind: raw samples or steps of columns', async (t) => {
  const memory = new MemoryBudget({ budgetBytes: 2 ** 40, perQueryBytes: 2 ** 40 }).tryOpen(0)!;
  const samples = new SampleBudget({ maxSamples: 1e9 }, memory);
  samples.reserve(1_000_000);
  t.equal(memory.heldBytes, 16_000_000, 'a timestamp and a value');
  samples.release(1_000_000);
  t.equal(memory.heldBytes, 0);
  const columns = samples.onGrid(1000);
  columns.reserve(1_000_000);
  t.ok(
    memory.heldBytes >= 9_000_000 && memory.heldBytes < 10_000_000,
    'nine bytes for each step, and a share for each column',
  );
  columns.release(1_000_000);
  t.equal(memory.heldBytes, 0);
  samples.onGrid(1).reserve(100_000);
  t.ok(memory.heldBytes > 40_000_000, 'a column of one step has the fixed cost of a column');
});

t.test('samples beyond the memory limit fail the query even below --query.max-samples', async (t) => {
  const memory = new MemoryBudget({ budgetBytes: 1e6, perQueryBytes: 1e6 }).tryOpen(0)!;
  const samples = new SampleBudget({ maxSamples: 1e9 }, memory);
  t.throws(
    () => {
      for (let i = 0; i < 1e6; i++) samples.reserve(1);
    },
    { code: 'memory' },
  );
  t.ok(memory.heldBytes <= 1e6);
});
