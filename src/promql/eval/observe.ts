// Statistics of operators.

import type { Value } from '../../model/index.js';
import type { PlanNode } from '../plan/index.js';
import type { EvalObserver } from './eval-context.js';

/** Reports the size of a result before its consumer receives it, who may change it in place. */
export async function observe<T extends Value>(
  observer: EvalObserver,
  node: PlanNode,
  evaluation: Promise<T>,
): Promise<T> {
  const operand = await evaluation;
  observer.ended(node, countValue(operand));
  return operand;
}

/** Counts the series and samples of a value. A histogram counts as one sample. */
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
        for (const kind of present) if (kind !== 0) count++;
        samples += count;
        if (count > 0) series++;
      }
      return { series, samples };
    }
  }
}
