// The memory budget: what may be held, what is refused, and that all of it comes back.

import fc from 'fast-check';
import t from 'tap';

import type { PromfedError } from '../../src/model/index.js';
import { MemoryBudget, SampleBudget, type MemoryUse } from '../../src/runtime/index.js';

const USES: readonly MemoryUse[] = [
  'bytes of answers',
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

t.test('a query has its reserve from the start, and is charged for more only beyond it', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 1000 });
  const memory = budget.tryOpen(100)!;
  t.equal(budget.heldBytes, 100);
  memory.take('samples', 60);
  t.equal(budget.heldBytes, 100);
  memory.take('series', 60);
  t.equal(budget.heldBytes, 120);
  memory.release('samples', 60);
  t.equal(budget.heldBytes, 100);
  t.same([memory.heldBytes, memory.peakBytes], [60, 120]);
  memory.close();
  t.equal(budget.heldBytes, 0);
});

t.test('no account is opened when the reserve is not there', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 250, perQueryBytes: 250 });
  const first = budget.tryOpen(100);
  const second = budget.tryOpen(100);
  t.ok(first);
  t.ok(second);
  t.equal(budget.tryOpen(100), undefined);
  first!.close();
  t.ok(budget.tryOpen(100));
});

t.test(
  'what is too much for one query is its own error, with the limit, the flag and what held most',
  async (t) => {
    const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 500 });
    const memory = budget.tryOpen(0)!;
    memory.take('samples', 300);
    memory.take('series', 100);
    t.throws(
      () => {
        memory.take('metadata', 101);
      },
      {
        code: 'memory',
        status: 422,
        errorType: 'execution',
        message:
          'the query would hold more than 500 bytes of memory (--query.max-memory), most of them for samples',
      },
    );
    t.equal(memory.heldBytes, 400, 'what was refused was not taken');
    t.equal(budget.heldBytes, 400);
    t.equal(budget.refusals.query_memory, 1);
    memory.take('metadata', 100);
  },
);

t.test('what is too much for all queries together can be asked again later', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 900 });
  const one = budget.tryOpen(10)!;
  const other = budget.tryOpen(10)!;
  one.take('samples', 800);
  t.throws(
    () => {
      other.take('merging', 201);
    },
    {
      code: 'overloaded',
      status: 503,
      message:
        'all queries together would hold more than 1000 bytes of memory (--memory); ' +
        'this one has 0 of them, most for merging; try again later',
    },
  );
  t.equal(budget.refusals.process_memory, 1);
  one.close();
  other.take('merging', 201);
  t.equal(budget.heldBytes, 201);
});

t.test('a closed account takes nothing and gives nothing back twice', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 1000 });
  const memory = budget.tryOpen(100)!;
  memory.take('samples', 300);
  memory.close();
  memory.close();
  memory.release('samples', 300);
  t.equal(budget.heldBytes, 0);
  t.throws(
    () => {
      memory.take('samples', 1);
    },
    { code: 'canceled' },
  );
  t.equal(budget.heldBytes, 0);
});

t.test('another attempt begins with nothing held', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 100, perQueryBytes: 100 });
  const first = budget.tryOpen(60)!;
  first.take('samples', 90);
  const second = first.renew();
  first.release('samples', 90);
  t.equal(second.heldBytes, 0);
  t.equal(budget.heldBytes, 60);
  second.close();
  t.equal(budget.heldBytes, 0);
});

t.test(
  'whatever accounts do, the budget is the sum of them, within its limits, and ends at zero',
  async (t) => {
    const step = fc.record({
      account: fc.nat(3),
      use: fc.constantFrom(...USES),
      bytes: fc.nat(400),
      what: fc.constantFrom('take', 'take', 'release', 'close', 'renew'),
    });
    t.doesNotThrow(() => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          const reserve = 50;
          const budget = new MemoryBudget({ budgetBytes: 1000, perQueryBytes: 600 });
          const accounts = [0, 1, 2, 3].map(() => ({
            memory: budget.tryOpen(reserve)!,
            held: 0,
            open: true,
          }));
          const taken = accounts.map(() => new Map<MemoryUse, number>());
          for (const { account, use, bytes, what } of steps) {
            const one = accounts[account]!;
            const uses = taken[account]!;
            if (what === 'take') {
              const code = codeOf(() => {
                one.memory.take(use, bytes);
              });
              if (code === undefined) uses.set(use, (uses.get(use) ?? 0) + bytes);
              if (!one.open && code !== 'canceled') return false;
            } else if (what === 'release') {
              const some = Math.min(bytes, uses.get(use) ?? 0);
              one.memory.release(use, some);
              uses.set(use, (uses.get(use) ?? 0) - some);
            } else {
              uses.clear();
              if (what === 'renew' && one.open) one.memory = one.memory.renew();
              else {
                one.memory.close();
                one.open = false;
              }
            }
            const held = taken.map((all) => [...all.values()].reduce((sum, bytes) => sum + bytes, 0));
            const sum = held.reduce(
              (total, bytes, i) => total + (accounts[i]!.open ? Math.max(reserve, bytes) : 0),
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

t.test('samples are bytes of the memory, by what they are samples of', async (t) => {
  const memory = new MemoryBudget({ budgetBytes: 2 ** 40, perQueryBytes: 2 ** 40 }).tryOpen(0)!;
  const samples = new SampleBudget({ maxSamples: 1e9 }, memory);
  samples.take(1_000_000);
  t.equal(memory.heldBytes, 16_000_000, 'a time and a value');
  samples.release(1_000_000);
  t.equal(memory.heldBytes, 0);
  const columns = samples.onGrid(1000);
  columns.take(1_000_000);
  t.ok(
    memory.heldBytes >= 9_000_000 && memory.heldBytes < 10_000_000,
    'nine bytes a step, and something a column',
  );
  columns.release(1_000_000);
  t.equal(memory.heldBytes, 0);
  samples.onGrid(1).take(100_000);
  t.ok(memory.heldBytes > 40_000_000, 'a column of one step is an object all the same');
});

t.test(
  'samples beyond the memory of a query end it, though --query.max-samples would allow them',
  async (t) => {
    const memory = new MemoryBudget({ budgetBytes: 1e6, perQueryBytes: 1e6 }).tryOpen(0)!;
    const samples = new SampleBudget({ maxSamples: 1e9 }, memory);
    t.throws(
      () => {
        for (let i = 0; i < 1e6; i++) samples.take(1);
      },
      { code: 'memory' },
    );
    t.ok(memory.heldBytes <= 1e6);
  },
);
