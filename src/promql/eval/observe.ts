// Watching an evaluation: who asks is told when each operator began and what it came to. Nobody else pays for it.

import type { Value } from '../../model/index.js';
import type { PlanNode } from '../plan/index.js';
import type { EvalObserver } from './eval-context.js';

/** The same operand, counted before anyone else sees it: its consumer may change it in place. */
export async function observe<T extends Value>(
  observer: EvalObserver,
  node: PlanNode,
  evaluation: Promise<T>,
): Promise<T> {
  const operand = await evaluation;
  observer.ended(node, countValue(operand));
  return operand;
}

/** How many series and samples a value has, histograms counted as one sample each. */
export function countValue(value: Value): { readonly series: number; readonly samples: number } {
  switch (value.type) {
    case 'string':
      return { series: 0, samples: 0 };
    case 'scalar':
      return { series: 0, samples: value.values.length };
    case 'matrix': {
      let samples = 0;
      for (const { timestamps } of value.series) samples += timestamps.length;
      return { series: value.series.length, samples };
    }
    case 'vector': {
      let [series, samples] = [0, 0];
      for (const { present } of value.columns) {
        let count = 0;
        for (const one of present) if (one !== 0) count++;
        samples += count;
        if (count > 0) series++;
      }
      return { series, samples };
    }
  }
}
