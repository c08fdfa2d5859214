import type { Evaluator, ScalarOperand } from '../evaluator.js';

/** Bounds of the values of a parameter over all steps. */
export interface ParamRange {
  /** The least and the greatest value that is not NaN; Infinity and -Infinity without one. */
  readonly min: number;
  readonly max: number;
  readonly hasNaN: boolean;
}

/** Returns the bounds of a parameter's values. */
export async function paramRange(evaluator: Evaluator, { values }: ScalarOperand): Promise<ParamRange> {
  let min = Infinity;
  let max = -Infinity;
  let hasNaN = false;
  const running = evaluator.forSteps((fromStep, toStep) => {
    for (let step = fromStep; step < toStep; step++) {
      const value = values[step]!;
      if (value < min) min = value;
      if (value > max) max = value;
      if (Number.isNaN(value)) hasNaN = true;
    }
  });
  if (running !== undefined) await running;
  return { min, max, hasNaN };
}
