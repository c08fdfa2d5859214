// Limits of the evaluation of a rule over the past.

import t from 'tap';

import type { QueryEngine } from '../../../src/federation/index.js';
import { Annotations, Labels, rangeGrid, type Column } from '../../../src/model/index.js';
import { Cancellation } from '../../../src/runtime/index.js';
import { evaluateRule, NO_SERIES } from '../../../src/rules/backfill/rule-evaluation.js';
import { createUnits } from '../../../src/rules/backfill/rule-units.js';
import { groupSettings, recording } from '../../helpers/rules/rule-groups.js';

const MINUTE = 60_000;

/** Answers each query with a number of series that have values at all steps. */
function engineOf(count: number): QueryEngine {
  const unused = (): never => {
    throw new Error('not used');
  };
  return {
    evaluate: async ({ grid }) => ({
      kind: 'value',
      value: {
        type: 'vector',
        columns: Array.from({ length: count }, (_, i): Column => {
          const present = new Uint8Array(grid.count).fill(1);
          return { labels: Labels.from({ i: String(i) }), values: new Float64Array(grid.count), present };
        }),
        ordered: false,
      },
      isDisjoint: true,
      annotations: new Annotations(),
      stats: { read: unused },
      release: () => undefined,
    }),
    query: unused,
    explain: unused,
    metadata: undefined as never,
  };
}

/** Evaluates a rule at a number of steps. */
function evaluateSteps(steps: number, series: number): ReturnType<typeof evaluateRule> {
  const options = {
    ruleNames: [],
    features: new Set<never>(),
    defaultStepMs: MINUTE,
    lookbackDeltaMs: undefined,
    timeoutMs: MINUTE,
    signal: new Cancellation(),
  };
  const [unit] = createUnits([groupSettings('g', [recording('r', 'x')])], options);
  const grid = rangeGrid(0, (steps - 1) * MINUTE, MINUTE);
  const evaluated = { grid, isRange: true, previous: NO_SERIES };
  return evaluateRule(unit!.rules[0]!, engineOf(series), evaluated, options);
}

t.test('a result with too many samples for the memory is refused, so that it is split', async (t) => {
  await t.rejects(evaluateSteps(51, 20_000), { code: 'limit', message: /more than 1000000 samples/ });
  t.match(await evaluateSteps(2, 20_000), { series: 20_000, failedSteps: undefined });
});

t.test('a step with more series than the server accepts has no samples', async (t) => {
  t.match(await evaluateSteps(1, 100_001), {
    samples: [],
    failedSteps: { count: 1, reason: 'the expression returns 100001 series, more than 100000; aggregate it' },
  });
});
