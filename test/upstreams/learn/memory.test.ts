// Memory of the answers that are read in the background.

import t, { type Test } from 'tap';

import type { ServerGroupSettings } from '../../../src/config/index.js';
import { MemoryBudget, NO_LOG, systemClock } from '../../../src/runtime/index.js';
import { createServerGroup } from '../../../src/upstreams/index.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import { answers, startFaultServer } from '../../helpers/upstreams/fault-server.js';
import { until } from '../../helpers/until.js';
import { groupSettings, success } from '../settings.js';

const TEXTS = Array.from({ length: 20_000 }, (_, i) => `value-${i}`);
const LABEL_FILTER: ServerGroupSettings['labelFilter'] = {
  dynamicLabels: ['job'],
  syncIntervalMs: 1000,
  include: [],
  exclude: [],
};

interface Learning {
  readonly budget: MemoryBudget;
  /** The highest value of `budget.heldBytes`. */
  readonly peakBytes: () => number;
  readonly log: string[];
}

/** Starts a group whose region answers everything with `data`. */
async function learn(
  t: Test,
  overrides: Partial<ServerGroupSettings>,
  data: unknown,
  budgetBytes: number,
): Promise<Learning> {
  const server = await startFaultServer(answers(success(data)));
  const budget = new MemoryBudget({ budgetBytes, perQueryBytes: budgetBytes });
  let peakBytes = 0;
  const tryGrow = budget.tryGrow.bind(budget);
  budget.tryGrow = (bytes) => {
    const isAvailable = tryGrow(bytes);
    peakBytes = Math.max(peakBytes, budget.heldBytes);
    return isAvailable;
  };
  const log: string[] = [];
  const timers = new ManualTimers();
  const group = createServerGroup(
    { ...groupSettings([server.target]), ...overrides },
    {
      clock: systemClock,
      version: '1.2.3',
      background: {
        timers,
        log: { ...NO_LOG, warn: (fields, message) => log.push(`${message} ${JSON.stringify(fields)}`) },
        budget,
      },
    },
  );
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  await timers.pass(200);
  return { budget, peakBytes: () => peakBytes, log };
}

const CASES = [
  { name: 'label values', overrides: { labelFilter: LABEL_FILTER }, data: TEXTS },
  {
    name: 'names of native histograms',
    overrides: { remoteRead: 'always', histogramRefreshMs: 1000 } as const,
    data: Object.fromEntries(TEXTS.map((text) => [text, [{ type: 'counter', help: '', unit: '' }]])),
  },
];

for (const { name, overrides, data } of CASES) {
  t.test(`${name} are learned within the budget, and nothing stays reserved`, async (t) => {
    const { budget, peakBytes, log } = await learn(t, overrides, data, 64 << 20);
    await until(() => peakBytes() > 500_000, 'bytes to be reserved');
    await until(() => budget.heldBytes === 0, 'all bytes to be released');
    t.strictSame(log, []);
  });

  t.test(`${name} beyond the budget are not learned, which is logged`, async (t) => {
    const { budget, peakBytes, log } = await learn(t, overrides, data, 256 << 10);
    await until(() => log.length > 0, 'a warning');
    t.match(log, [/^.* not refreshed; .*query memory limit exceeded/]);
    await until(() => budget.heldBytes === 0, 'all bytes to be released');
    t.ok(peakBytes() <= 256 << 10);
  });
}
