// Memory of the answers that are read in the background.

import t, { type Test } from 'tap';

import type { ServerGroupSettings } from '../../../src/config/index.js';
import { MemoryBudget, NO_LOG, systemClock } from '../../../src/runtime/index.js';
import { createServerGroup } from '../../../src/upstreams/index.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import { answers, startFaultServer, type Fault } from '../../helpers/upstreams/fault-server.js';
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
  readonly timers: ManualTimers;
}

/** Starts a group whose region answers everything with `fault`. */
async function learn(
  t: Test,
  overrides: Partial<ServerGroupSettings>,
  fault: Fault,
  budgetBytes: number,
): Promise<Learning> {
  const server = await startFaultServer(fault);
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
  return { budget, peakBytes: () => peakBytes, log, timers };
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
    const { budget, peakBytes, log } = await learn(t, overrides, answers(success(data)), 64 << 20);
    await until(() => peakBytes() > 500_000, 'bytes to be reserved');
    await until(() => budget.heldBytes === 0, 'all bytes to be released');
    t.strictSame(log, []);
  });

  t.test(`${name} beyond the budget are not learned, which is logged`, async (t) => {
    const { budget, peakBytes, log } = await learn(t, overrides, answers(success(data)), 256 << 10);
    await until(() => log.length > 0, 'a warning');
    t.match(log, [/^.* not refreshed; .*query memory limit exceeded/]);
    await until(() => budget.heldBytes === 0, 'all bytes to be released');
    t.ok(peakBytes() <= 256 << 10);
  });

  t.test(`a refresh of ${name} that does not end is given up after 30 s`, async (t) => {
    const whole = JSON.stringify(success(data));
    let isEndless = true;
    const fault: Fault = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      if (isEndless) response.write(whole.slice(0, -10));
      else response.end(whole);
    };
    const { budget, log, timers } = await learn(t, overrides, fault, 64 << 20);
    await until(() => budget.heldBytes > 0, 'bytes to be reserved');
    await timers.pass(29_000);
    t.not(budget.heldBytes, 0);
    isEndless = false;
    await timers.pass(1_000);
    await until(() => budget.heldBytes === 0, 'all bytes to be released');
    await until(() => log.length > 0, 'a warning');
    t.match(log, [/^.* not refreshed; .*(?:timed out|took more than 30 s)/]);
  });
}
