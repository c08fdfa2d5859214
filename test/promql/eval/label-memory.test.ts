// The memory of labels that an evaluation creates: reserved while they are in use, and returned afterwards.

import t from 'tap';

import { instantGrid, Labels, type RawSeries, type Value } from '../../../src/model/index.js';
import { createMemorySource, evaluate } from '../../../src/promql/eval/index.js';
import { MemoryBudget, SampleBudget, type MemoryAccount } from '../../../src/runtime/index.js';
import { createEvalContext, planRaw } from '../../helpers/promql/evaluation.js';

const SERIES: readonly RawSeries[] = Array.from({ length: 2000 }, (_, i) => ({
  labels: Labels.from({ __name__: 'many', n: String(i), half: String(i >> 1) }),
  timestamps: Float64Array.of(0),
  values: Float64Array.of(i),
}));
const GRID = instantGrid(0);

/** An account that counts the bytes of labels only. */
class LabelAccount implements MemoryAccount {
  heldBytes = 0;
  peakBytes = 0;

  reserve(use: string, bytes: number): void {
    if (use !== 'labels') return;
    this.heldBytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.heldBytes);
  }

  release(use: string, bytes: number): void {
    if (use === 'labels') this.heldBytes -= bytes;
  }
}

function run(query: string, memory: MemoryAccount, series = SERIES): Promise<Value> {
  const budget = new SampleBudget({ maxSamples: 1e9 }, memory);
  return evaluate(
    planRaw(query, GRID),
    createEvalContext(GRID, { samples: createMemorySource(series), budget }),
  );
}

function nested(levels: number, operand: string): string {
  let query = operand;
  for (let i = 0; i < levels; i++) query = `label_replace(${query}, "l${i}", "value-${i}-$1", "n", "(.*)")`;
  return query;
}

t.test(
  'labels are reserved while they are in use: two levels of a nested call, not all of them',
  async (t) => {
    const account = new LabelAccount();
    const value = await run(nested(100, 'many'), account);
    const flat = value.type === 'vector' ? value.columns[0]!.labels.flat : [];
    const levelBytes = SERIES.length * 8 * flat.length;
    t.ok(account.heldBytes >= levelBytes, `${account.heldBytes} bytes are held, ${levelBytes} at least`);
    t.ok(
      account.peakBytes <= 4 * levelBytes,
      `${account.peakBytes} bytes at the peak, ${levelBytes} for a level`,
    );
  },
);

const RELEASED: readonly string[] = [
  'sum(QUERY)',
  'sum(sum by (l0, l1) (QUERY))',
  'sum(topk(3, QUERY))',
  'sum(abs(QUERY) + 1)',
  'sum(-QUERY > 1)',
  'sum(QUERY or many)',
  'sum(QUERY and on (n) many)',
  'sum(sort(QUERY))',
  'sum(QUERY * on (n) group_left (l0) QUERY)',
  'sum(count_values("v", QUERY))',
  'sum(label_join(QUERY, "l0", ""))',
  'sum(label_join(QUERY, "other", "-", "l0", "l1"))',
  'count(quantile by (n) (0.5, QUERY))',
  'sum(limit_ratio(0.5, QUERY))',
  'scalar(QUERY)',
  'absent(QUERY)',
];

for (const text of RELEASED) {
  t.test(`labels below an operator are returned: ${text}`, async (t) => {
    const account = new LabelAccount();
    await run(text.replaceAll('QUERY', nested(20, 'many')), account);
    t.ok(account.peakBytes > 1_000_000, `${account.peakBytes} bytes at the peak`);
    t.ok(Math.abs(account.heldBytes) < 4 * 65_536, `${account.heldBytes} bytes are still held`);
  });
}

const CREATED: readonly (readonly [query: string, minBytes: number])[] = [
  ['label_join(many, "a", "-", "n", "half", "n", "half")', 2000 * 100],
  ['count_values("v", many)', 2000 * 100],
  ['many * on (n) group_left (half) many', 2000 * 100],
  ['sum by (n) (many)', 2000 * 64],
  ['many and on (n) many', 2000 * 64],
];

for (const [query, minBytes] of CREATED) {
  t.test(`labels and keys are reserved: ${query}`, async (t) => {
    const account = new LabelAccount();
    await run(query, account);
    t.ok(account.peakBytes >= minBytes, `${account.peakBytes} bytes at the peak, ${minBytes} at least`);
  });
}

t.test('a query whose labels exceed its memory fails', async (t) => {
  const memory = new MemoryBudget({ budgetBytes: 1e9, perQueryBytes: 8e6 }).tryOpen(0)!;
  await t.rejects(run(nested(400, 'many'), memory), { code: 'memory', message: /mainly for labels/ });
  memory.close();
});

t.test('a label value is reserved before it is created', async (t) => {
  for (const double of [
    'label_join(QUERY, "a", "", "a", "a")',
    'label_replace(QUERY, "a", "$1$1", "a", "(.*)")',
  ]) {
    let query = 'label_replace(many, "a", "0123456789", "", "")';
    for (let i = 0; i < 40; i++) query = double.replace('QUERY', query);
    const memory = new MemoryBudget({ budgetBytes: 1e9, perQueryBytes: 2e6 }).tryOpen(0)!;
    await t.rejects(run(query, memory, SERIES.slice(0, 1)), { code: 'memory' }, double);
    await t.rejects(run(query, new LabelAccount(), SERIES.slice(0, 1)), { code: 'limit' }, double);
    memory.close();
  }
});
